import { createHash } from 'node:crypto'
import type { Registry } from '../registry/registry.ts'
import type { Resource, ServedVersion } from '../registry/resource.ts'
import { compareVersions } from '../registry/version-order.ts'
import type { JsonObject } from '../schema/contract.ts'
import { type VirtualResource, virtualResources } from './virtual.ts'

/** Groups in kube-apiserver's order of priority; what is defined at run time comes after. */
const BUILTIN_GROUPS = [
  '',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'rbac.authorization.k8s.io',
  'apiextensions.k8s.io',
  'coordination.k8s.io',
]

export interface DiscoveredGroup {
  name: string
  /** Best first. */
  versions: string[]
}

export const groupsOf = (registry: Registry): DiscoveredGroup[] => {
  const groups = new Map<string, Set<string>>(BUILTIN_GROUPS.map((name) => [name, new Set()]))
  const add = (group: string, version: string): unknown =>
    groups.set(group, (groups.get(group) ?? new Set()).add(version))
  for (const { group, version } of virtualResources) add(group, version)
  for (const resource of registry.resources()) for (const { version } of resource.versions) add(resource.group, version)
  const custom = [...groups.keys()].filter((name) => !BUILTIN_GROUPS.includes(name)).sort()
  return [...BUILTIN_GROUPS, ...custom]
    .map((name) => ({ name, versions: [...(groups.get(name) ?? [])].sort(compareVersions) }))
    .filter(({ versions }) => versions.length > 0)
}

/** `/apis/<group>` */
export const apiGroup = ({ name, versions }: DiscoveredGroup): JsonObject => {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }))
  return { kind: 'APIGroup', apiVersion: 'v1', name, versions: entries, preferredVersion: entries[0]! }
}

/** `/apis` */
export const apiGroupList = (registry: Registry): JsonObject => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groupsOf(registry)
    .filter(({ name }) => name !== '')
    .map((group) => {
      const { kind: _kind, apiVersion: _apiVersion, ...entry } = apiGroup(group)
      return entry
    }),
})

/** `/api` */
export const apiVersions = (serverAddress: string): JsonObject => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
})

/** `/api/v1`, `/apis/<group>/<version>` */
export const apiResourceList = (registry: Registry, group: string, version: string): JsonObject => {
  const stored = registry.versions(group, version).flatMap(resourceEntries)
  const virtual = virtualsOf(group, version).map(({ plural, singular, namespaced, kind }) => ({
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: ['create'],
  }))
  return {
    kind: 'APIResourceList',
    ...((group !== '' || version !== 'v1') && { apiVersion: 'v1' }),
    groupVersion: group ? `${group}/${version}` : version,
    resources: [...stored, ...virtual].sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1)),
  }
}

const virtualsOf = (group: string, version: string): VirtualResource[] =>
  virtualResources.filter((one) => one.group === group && one.version === version)

const resourceEntries = (served: ServedVersion): JsonObject[] => {
  const { resource, version, subresources } = served
  const { plural, singular, namespaced, kind, shortNames, categories, verbs, group } = resource
  const main: JsonObject = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: [...verbs],
    ...(shortNames.length > 0 && { shortNames: [...shortNames] }),
    ...(categories.length > 0 && { categories: [...categories] }),
    storageVersionHash: storageHash(resource, version),
  }
  const under = subresources.map((subresource) => ({
    name: `${plural}/${subresource}`,
    singularName: '',
    namespaced,
    kind,
    verbs: ['get', 'patch', 'update'],
  }))
  if (plural === 'namespaces' && group === '') {
    under.push({ name: 'namespaces/finalize', singularName: '', namespaced, kind, verbs: ['update'] })
  }
  if (plural === 'serviceaccounts' && group === '') {
    const token = {
      name: 'serviceaccounts/token',
      singularName: '',
      namespaced,
      kind: 'TokenRequest',
      verbs: ['create'],
    }
    return [main, ...under, { ...token, group: 'authentication.k8s.io', version: 'v1' }]
  }
  return [main, ...under]
}

const storageHash = ({ group, kind, storedAs, custom }: Resource, version: string): string => {
  const stored = custom ? storedAs.slice(storedAs.indexOf('/') + 1) : version
  return createHash('sha256').update(`${group}/${stored}/${kind}`).digest().subarray(0, 8).toString('base64')
}

/** apidiscovery.k8s.io/v2: everything below `/api` (the core group) or `/apis` in one answer. */
export const aggregated = (registry: Registry, core: boolean, version: 'v2' | 'v2beta1'): JsonObject => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: groupsOf(registry)
    .filter(({ name }) => (name === '') === core)
    .map(({ name, versions }) => ({
      metadata: { ...(name !== '' && { name }), creationTimestamp: null },
      versions: versions.map((one) => ({
        version: one,
        resources: [
          ...registry.versions(name, one).map(aggregatedResource),
          ...virtualsOf(name, one).map(aggregatedVirtual),
        ].sort((a, b) => (String(a.resource) < String(b.resource) ? -1 : 1)),
        freshness: 'Current',
      })),
    })),
})

const aggregatedResource = ({ resource, version, subresources }: ServedVersion): JsonObject => {
  const { group, plural, singular, namespaced, kind, shortNames, categories, verbs } = resource
  const responseKind = { group, version, kind }
  const under: JsonObject[] = subresources.map((subresource) => ({
    subresource,
    responseKind,
    verbs: ['get', 'patch', 'update'],
  }))
  if (plural === 'namespaces' && group === '')
    under.unshift({ subresource: 'finalize', responseKind, verbs: ['update'] })
  if (plural === 'serviceaccounts' && group === '') {
    const tokenKind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }
    under.push({ subresource: 'token', responseKind: tokenKind, verbs: ['create'] })
  }
  return {
    resource: plural,
    responseKind,
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: [...verbs],
    ...(shortNames.length > 0 && { shortNames: [...shortNames] }),
    ...(categories.length > 0 && { categories: [...categories] }),
    ...(under.length > 0 && { subresources: under }),
  }
}

const aggregatedVirtual = ({ group, version, plural, singular, kind, namespaced }: VirtualResource): JsonObject => ({
  resource: plural,
  responseKind: { group, version, kind },
  scope: namespaced ? 'Namespaced' : 'Cluster',
  singularResource: singular,
  verbs: ['create'],
})
