/** Every operation of a resource, for both forms of document. */
import type { ServedResource } from '../schema/contract.ts'

export interface Parameter {
  name: string
  type: 'string' | 'boolean' | 'integer'
  description: string
}

export type Action = 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete' | 'deletecollection'

export interface Operation {
  path: string
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  action: Action
  operationId: string
  description: string
  parameters: readonly Parameter[]
  /** Schema names. */
  body: string | undefined
  result: string
  namespaced: boolean
  named: boolean
}

export const DELETE_OPTIONS = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'
export const STATUS = 'io.k8s.apimachinery.pkg.apis.meta.v1.Status'
export const PATCH = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch'

const string = (name: string, description: string): Parameter => ({ name, type: 'string', description })
const boolean = (name: string, description: string): Parameter => ({ name, type: 'boolean', description })
const integer = (name: string, description: string): Parameter => ({ name, type: 'integer', description })

const dryRun = string('dryRun', 'All: check the request and answer as if it were done, but store nothing.')
const fieldManager = string('fieldManager', 'Who makes the change, for metadata.managedFields. Needed for an apply.')
const fieldValidation = string(
  'fieldValidation',
  'What to do about unknown and repeated fields: Ignore, Warn (default) or Strict.',
)
const force = boolean('force', 'Only for an apply: take fields that others own.')
const resourceVersion = string('resourceVersion', 'How recent the answer must be.')

const write = [dryRun, fieldManager, fieldValidation]
const listing = [
  boolean('allowWatchBookmarks', 'Send BOOKMARK events in a watch.'),
  string('continue', 'Where to go on with a list, from the answer before.'),
  string('fieldSelector', 'Select by fields.'),
  string('labelSelector', 'Select by labels.'),
  integer('limit', 'Largest number of objects in one answer.'),
  resourceVersion,
  string('resourceVersionMatch', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  boolean('sendInitialEvents', 'Begin a watch with all that is there.'),
  integer('timeoutSeconds', 'Seconds after which a list or watch ends.'),
  boolean('watch', 'Watch for changes.'),
]
const deletion = [
  dryRun,
  integer('gracePeriodSeconds', 'Seconds until the object is removed.'),
  boolean('orphanDependents', 'Deprecated: use propagationPolicy.'),
  string('propagationPolicy', 'What happens to dependents: Orphan, Background or Foreground.'),
]

const upper = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)
const tagGroup = (group: string): string =>
  group === '' ? 'core' : group.replace(/\.k8s\.io$/, '').replace(/\.([a-z0-9])/gi, (_, c: string) => c.toUpperCase())
export const tagOf = (group: string, version: string): string => `${tagGroup(group)}_${version}`

export const basePath = (group: string, version: string): string =>
  group ? `/apis/${group}/${version}` : `/api/${version}`

export const listName = (name: string): string => `${name}List`

export const operationsOf = ({ model, plural, verbs, subresources }: ServedResource): Operation[] => {
  const { group, version, kind, namespaced, openApiName } = model
  const base = basePath(group, version)
  const collection = `${base}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}`
  const scope = namespaced ? 'Namespaced' : ''
  const id = `${upper(tagGroup(group))}${upper(version)}`
  const operations: Operation[] = []
  const add = (verb: string, operation: Omit<Operation, 'namespaced' | 'named'>): void => {
    if (verbs.includes(verb))
      operations.push({
        ...operation,
        namespaced: operation.path.includes('{namespace}'),
        named: operation.path.includes('{name}'),
      })
  }
  const list = (path: string, operationId: string, description: string): void =>
    add('list', {
      path,
      method: 'get',
      action: 'list',
      operationId,
      description,
      parameters: listing,
      body: undefined,
      result: listName(openApiName),
    })

  list(collection, `list${id}${scope}${kind}`, `list objects of kind ${kind}`)
  add('create', {
    path: collection,
    method: 'post',
    action: 'post',
    operationId: `create${id}${scope}${kind}`,
    description: `create a ${kind}`,
    parameters: write,
    body: openApiName,
    result: openApiName,
  })
  add('deletecollection', {
    path: collection,
    method: 'delete',
    action: 'deletecollection',
    operationId: `delete${id}Collection${scope}${kind}`,
    description: `delete collection of ${kind}`,
    parameters: listing,
    body: DELETE_OPTIONS,
    result: STATUS,
  })
  for (const subresource of ['', ...subresources]) {
    const path = `${collection}/{name}${subresource ? `/${subresource}` : ''}`
    const what = subresource ? `${subresource} of the specified ${kind}` : `the specified ${kind}`
    const suffix = `${id}${scope}${kind}${upper(subresource)}`
    add('get', {
      path,
      method: 'get',
      action: 'get',
      operationId: `read${suffix}`,
      description: `read ${what}`,
      parameters: [resourceVersion],
      body: undefined,
      result: openApiName,
    })
    add('update', {
      path,
      method: 'put',
      action: 'put',
      operationId: `replace${suffix}`,
      description: `replace ${what}`,
      parameters: write,
      body: openApiName,
      result: openApiName,
    })
    add('patch', {
      path,
      method: 'patch',
      action: 'patch',
      operationId: `patch${suffix}`,
      description: `partially update ${what}`,
      parameters: [...write, force],
      body: PATCH,
      result: openApiName,
    })
    if (subresource === '')
      add('delete', {
        path,
        method: 'delete',
        action: 'delete',
        operationId: `delete${suffix}`,
        description: `delete a ${kind}`,
        parameters: deletion,
        body: DELETE_OPTIONS,
        result: STATUS,
      })
  }
  if (namespaced) list(`${base}/${plural}`, `list${id}${kind}ForAllNamespaces`, `list objects of kind ${kind}`)
  return operations
}

/** Parameters that belong to a path, whatever is done there. */
export const pathParameters = (operation: Operation, kind: string): Parameter[] => [
  ...(operation.named ? [string('name', `name of the ${kind}`)] : []),
  ...(operation.namespaced ? [string('namespace', 'namespace of the object')] : []),
]
export const pretty = string('pretty', "'true': with line breaks, for people.")

/** Content types of a patch: custom resources have no strategic merge patch. */
export const patchTypes = (custom: boolean): string[] => [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  ...(custom ? [] : ['application/strategic-merge-patch+json']),
]
