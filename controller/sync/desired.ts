import { createHash } from 'node:crypto'
import { looksLikeObjectId } from '../api/name-rules.ts'
import { annotation, label, OPERATOR } from '../api/names.ts'
import { assignSlugs, type NamedObject } from '../api/slug.ts'
import { canonicalJson, isPlainObject, type PlainObject, withValue } from '../json.ts'
import type { Declaration, SourcePosition } from '../toml/declaration.ts'
import type { SyncKind } from './kinds.ts'
import { secretReferences } from './secret-references.ts'

/** What a ResourceSync says about which declarations take part. */
export interface SyncScope {
  namespace: string
  name: string
  matchTags: readonly string[]
  includeResources: boolean
  includeVariables: boolean
  includeUserGroups: boolean
}

/** An object as the sync wants it: exactly what it will apply, and nothing that was not declared. */
export interface DesiredObject {
  kind: SyncKind
  /** The name Komodo would store. */
  name: string
  /** `metadata.name`. */
  objectName: string
  spec: PlainObject
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  /** The Secret that holds what must not stand in `spec`. */
  secret?: { name: string; data: Readonly<Record<string, string>> }
  position: SourcePosition
  /** Of a managed sync: what is noted on the object about what is declared (see `write-back/fingerprints.ts`). */
  fingerprints?: string
}

/** A declaration that is not applied, alone; or something worth knowing about one that is. */
export interface PlanProblem {
  severity: 'error' | 'warning'
  /** CamelCase. */
  reason: string
  kind: string
  name: string
  message: string
  positions: readonly SourcePosition[]
}

export interface DesiredObjects {
  /** By `Kind/name`. */
  objects: Map<string, DesiredObject>
  /** `Kind/name` of all that is declared, also of what is refused or out of scope: none of it may be pruned. */
  declared: Set<string>
  problems: PlanProblem[]
}

export const objectKey = (kind: string, name: string): string => `${kind}/${name}`

/** `stacks/web.toml:12` */
export const formatPosition = ({ file, line }: SourcePosition): string => (file === '' ? `:${line}` : `${file}:${line}`)

/** Filters by tags and scope, joins repeated declarations, and gives each object its name and its Secret. */
export function desiredObjects(
  declarations: readonly Declaration[],
  scope: SyncScope,
  kinds: ReadonlyMap<string, SyncKind>,
  liveNames: (kind: string) => Iterable<NamedObject>,
): DesiredObjects {
  const result: DesiredObjects = { objects: new Map(), declared: new Set(), problems: [] }
  const candidates = new Map<string, { kind: SyncKind; name: string; declarations: Declaration[] }>()
  for (const declaration of declarations) {
    const kind = kinds.get(declaration.kind)
    if (kind === undefined) continue
    const name = kind.toml.normalizeName(declaration.name)
    const key = objectKey(declaration.kind, name)
    result.declared.add(key)
    const group = candidates.get(key)
    if (group === undefined) candidates.set(key, { kind, name, declarations: [declaration] })
    else group.declarations.push(declaration)
  }

  const accepted = new Map<SyncKind, Map<string, Declaration>>()
  for (const { kind, name, declarations } of candidates.values()) {
    const declaration = inForce(declarations, name, result.problems)
    if (declaration === undefined || !inScope(kind, declaration.spec, scope)) continue
    const ofKind = accepted.get(kind) ?? new Map<string, Declaration>()
    accepted.set(kind, ofKind.set(name, declaration))
  }

  for (const [kind, ofKind] of accepted) {
    const slugs = assignSlugs(ofKind.keys(), liveNames(kind.definition.kind))
    for (const [name, declaration] of ofKind) {
      const objectName = slugs.get(name) ?? name
      const desired = desiredObject(kind, name, objectName, declaration, scope)
      const taken = takenKey(declaration, desired)
      if (taken === undefined) result.objects.set(objectKey(kind.definition.kind, name), desired)
      else result.problems.push(taken)
    }
  }
  return result
}

function inForce(same: readonly Declaration[], name: string, problems: PlanProblem[]): Declaration | undefined {
  const [first, ...others] = same
  if (first === undefined) return undefined
  const problem = (severity: PlanProblem['severity'], reason: string, message: string): void => {
    const positions = same.map((one) => one.position)
    problems.push({ severity, reason, kind: first.kind, name: first.name, message, positions })
  }
  if (name === '') {
    // They are not one object: each is told by its own name.
    for (const { kind, name: written, position } of same) {
      const message = `nothing is left of the name "${written}" once it is made valid; choose another`
      problems.push({ severity: 'error', reason: 'InvalidName', kind, name: written, message, positions: [position] })
    }
    return undefined
  }
  if (looksLikeObjectId(name)) {
    problem(
      'error',
      'InvalidName',
      'a name of 24 hexadecimal digits would be taken for an id by Komodo; choose another',
    )
    return undefined
  }
  if (others.length === 0) return first
  const places = same.map((one) => formatPosition(one.position)).join(' and ')
  const contents = (one: Declaration): string => canonicalJson({ spec: one.spec, secrets: one.secrets })
  if (others.every((other) => contents(other) === contents(first))) {
    problem('warning', 'DeclaredTwice', `declared more than once, each time the same: ${places}; remove all but one`)
    return first
  }
  problem(
    'error',
    'DeclaredTwice',
    `declared more than once, and differently: ${places}; nothing is done about it until one is left`,
  )
  return undefined
}

/** Whether the sync concerns itself with objects of a kind that are like this one. */
export function inScope({ definition }: SyncKind, spec: unknown, scope: SyncScope): boolean {
  if (definition.kind === 'Variable') return scope.includeVariables
  if (definition.kind === 'UserGroup') return scope.includeUserGroups
  // What has no tags cannot lack one.
  return scope.includeResources && (!('tags' in definition.spec.properties) || hasTags(spec, scope.matchTags))
}

function hasTags(spec: unknown, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true
  const tags = isPlainObject(spec) && Array.isArray(spec.tags) ? spec.tags : []
  return wanted.every((tag) => tags.includes(tag))
}

function desiredObject(
  kind: SyncKind,
  name: string,
  objectName: string,
  declaration: Declaration,
  scope: SyncScope,
): DesiredObject {
  const labels: Record<string, string> = { [label.managedBy]: OPERATOR, [label.sync]: labelValue(scope.name) }
  const { tags } = declaration.spec
  if (Array.isArray(tags)) for (const tag of tags) labels[label.tagPrefix + labelValue(String(tag))] = ''
  const annotations: Record<string, string> = { [annotation.sync]: `${scope.namespace}/${scope.name}` }
  if (objectName !== name) annotations[annotation.name] = name
  const secrets = Object.entries(declaration.secrets)
  const base = { kind, name, objectName, labels, annotations, position: declaration.position }
  if (secrets.length === 0) return { ...base, spec: declaration.spec }

  const secretName = secretNameOf(kind, objectName)
  const data: Record<string, string> = {}
  let spec = declaration.spec
  for (const [path, value] of secrets) {
    const parts = path.replace(/From$/, '').split('.')
    const key = parts.join('.')
    data[key] = value
    const field = `${parts[parts.length - 1]}From`
    spec = withValue(spec, [...parts.slice(0, -1), field], { secretKeyRef: { name: secretName, key } })
  }
  return { ...base, spec, secret: { name: secretName, data } }
}

/** One field names the key at which the value of another is about to be kept: it would get that value. */
function takenKey({ spec, position }: Declaration, { kind, name, secret }: DesiredObject): PlanProblem | undefined {
  if (secret === undefined) return undefined
  const taken = secretReferences(spec).find(
    (reference) => reference.name === secret.name && Object.hasOwn(secret.data, String(reference.key)),
  )
  if (taken === undefined) return undefined
  return {
    severity: 'error',
    reason: 'SecretKeyTaken',
    kind: kind.definition.kind,
    name,
    message: `names the key "${taken.key}" of the Secret ${secret.name}, where the value of another field goes; give both as values, or name another Secret`,
    positions: [position],
  }
}

export const secretNameOf = (kind: SyncKind, objectName: string): string =>
  shortened(`${kind.definition.singular}-${objectName}`, 253)

/** A label value (or the name part of a label) that is `text` itself where it can be. */
export function labelValue(text: string): string {
  if (/^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/.test(text)) return text
  const cleaned = text.replace(/[^a-zA-Z0-9._-]+/g, '-').replace(/^[^a-zA-Z0-9]+|[^a-zA-Z0-9]+$/g, '')
  if (cleaned !== '' && cleaned.length <= 63) return cleaned
  return shortened(cleaned === '' ? `x-${hashOf(text)}` : cleaned, 63)
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)

/** The text itself where it fits; otherwise its start and a hash of it all, so that two long ones stay apart. */
export const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 9).replace(/[^a-zA-Z0-9]+$/, '')}-${hashOf(text)}`
