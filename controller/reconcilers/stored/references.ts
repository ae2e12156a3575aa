import { executions, paramTypes, resourceTargets } from '../../api/v1alpha1/executions.ts'
import type { TomlMeta } from '../../api/v1alpha1/field.ts'
import type { KindDefinition } from '../../api/v1alpha1/kind.ts'
import { kinds } from '../../api/v1alpha1/kinds.ts'
import { isPlainObject, type PlainObject } from '../../json.ts'

/** A place in a spec that names another object. */
export interface Reference {
  kind: string
  name: string
  /** `stages[0].executions[1].execution.params.stack` */
  field: string
}

/**
 * Every other object that a spec names, as the schema of its kind says (`references`), as executions say by their params, and as targets
 * say by their type. Pure. Patterns, and what is switched off, name nothing.
 */
export function referencesIn(kind: KindDefinition, spec: unknown): Reference[] {
  const found: Reference[] = []
  walk(kind.spec as Schema, spec, '', found)
  return found
}

/** The kinds that objects of a kind can name. */
export function referencedKinds(kind: KindDefinition): Set<string> {
  const found = new Set<string>()
  collect(kind.spec as Schema, found)
  return found
}

interface Schema {
  properties?: Readonly<Record<string, Schema>>
  items?: Schema
  enum?: readonly string[]
  'x-komodo'?: TomlMeta
}

const known = new Map(kinds.map((kind) => [kind.kind, kind]))
const targets: readonly string[] = resourceTargets

function walk(schema: Schema, value: unknown, path: string, found: Reference[]): void {
  const meta = schema['x-komodo']
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const at = `${path}[${index}]`
      if (isPlainObject(item) && item.enabled === false) continue
      if (schema.items !== undefined) walk(schema.items, item, at, found)
      if (meta?.references !== undefined) add(meta.references, item, at, found)
    }
    return
  }
  if (meta?.references !== undefined) add(meta.references, value, path, found)
  if (!isPlainObject(value)) return
  if (meta?.variants === 'executions') walkExecution(value, path, found)
  if (isTarget(schema)) add(String(value.type), value.id, below(path, 'id'), found)
  for (const [key, property] of Object.entries(schema.properties ?? {}))
    walk(property, value[key], below(path, key), found)
}

function walkExecution({ type, params }: PlainObject, path: string, found: Reference[]): void {
  const types = typeof type === 'string' && Object.hasOwn(executions, type) ? executions[type] : undefined
  if (types === undefined || !isPlainObject(params)) return
  for (const [param, paramType] of Object.entries(types)) {
    const kind = kindOfParam(paramType)
    if (kind === undefined) continue
    const at = below(path, `params.${param}`)
    const value = params[param]
    if (Array.isArray(value)) for (const [index, item] of value.entries()) add(kind, item, `${at}[${index}]`, found)
    else add(kind, value, at, found)
  }
}

/** `Stack!`, `Alerter[]` */
function kindOfParam(paramType: string): string | undefined {
  const name = paramType.replace(/!|\[\]/g, '')
  return Object.hasOwn(paramTypes, name) ? undefined : name
}

/** `{ type, id }`, as alerters and permissions name objects. */
const isTarget = ({ properties }: Schema): boolean =>
  properties?.id !== undefined && properties.type?.enum?.length === targets.length

function add(kind: string, name: unknown, field: string, found: Reference[]): void {
  if (typeof name !== 'string' || name === '' || !known.has(kind) || isPattern(name)) return
  found.push({ kind, name, field })
}

const isPattern = (name: string): boolean => /[*?]/.test(name) || (name.startsWith('\\') && name.endsWith('\\'))

function collect(schema: Schema, found: Set<string>): void {
  const meta = schema['x-komodo']
  if (meta?.references !== undefined && known.has(meta.references)) found.add(meta.references)
  if (meta?.variants === 'executions') {
    for (const types of Object.values(executions))
      for (const type of Object.values(types)) {
        const kind = kindOfParam(type)
        if (kind !== undefined && known.has(kind)) found.add(kind)
      }
  }
  if (isTarget(schema)) for (const kind of targets) if (known.has(kind)) found.add(kind)
  for (const property of Object.values(schema.properties ?? {})) collect(property, found)
  if (schema.items !== undefined) collect(schema.items, found)
}

const below = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)
