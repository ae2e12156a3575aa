/** The schema of a custom resource, read once from its CRD into the form that pruning, defaulting and validation walk. */
import type { Json, JsonObject } from './contract.ts'
import { RULES } from './crd-schema-parts.ts'
import { knownFormat } from './formats.ts'
import { isObject } from './go.ts'
import { compilePattern } from './pattern.ts'

export interface Structural {
  /** Two types stand for int-or-string; none: any. */
  types: readonly string[]
  nullable: boolean
  /** Only formats that are checked. */
  format: string
  properties: ReadonlyMap<string, Structural>
  /** Schema of other keys; `true`: any value; absent: no other keys. */
  additional?: Structural | boolean
  items?: Structural
  required: readonly string[]
  preserveUnknown: boolean
  embedded: boolean
  intOrString: boolean
  default?: Json
  /** Something at or below this node has a default. */
  defaults: boolean
  /** Something at or below this node is an embedded resource. */
  embeds: boolean
  /** Something at or below this node is a set or a map list. */
  keyed: boolean
  enum?: readonly Json[]
  pattern?: { text: string; regExp: RegExp | undefined }
  minimum?: number
  maximum?: number
  exclusiveMinimum: boolean
  exclusiveMaximum: boolean
  multipleOf?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  uniqueItems: boolean
  minProperties?: number
  maxProperties?: number
  allOf: readonly Structural[]
  anyOf: readonly Structural[]
  oneOf: readonly Structural[]
  not?: Structural
  listType?: string
  listMapKeys: readonly string[]
  mapType?: string
  /** Set: the value never changes once it is there; what a change is told. */
  immutable?: string
}

const number = (value: Json | undefined): number | undefined => (typeof value === 'number' ? value : undefined)
const strings = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
const schemas = (value: Json | undefined): Structural[] =>
  Array.isArray(value) ? value.filter(isObject).map(compileSchema) : []

const additionalOf = (value: Json | undefined): Structural | boolean | undefined => {
  if (isObject(value)) return compileSchema(value)
  return typeof value === 'boolean' ? value : undefined
}

/** Leaves out undefined values, so that all nodes stay small. */
const defined = <T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } => {
  for (const key in object) if (object[key] === undefined) delete object[key]
  return object as { [K in keyof T]: Exclude<T[K], undefined> }
}

/** The one CEL rule that is checked here; it needs no CEL, and approvals rest on it. */
export const isCheckedRule = (rule: Json): boolean => isObject(rule) && rule.rule === 'self == oldSelf'

const immutableOf = (rules: Json | undefined): string | undefined => {
  const rule = Array.isArray(rules) ? rules.find(isCheckedRule) : undefined
  if (!isObject(rule)) return undefined
  return typeof rule.message === 'string' && rule.message !== '' ? rule.message : 'failed rule: self == oldSelf'
}

/** `schema` is an `openAPIV3Schema` that passed the validation of its CRD. */
export const compileSchema = (schema: JsonObject): Structural => {
  const properties = new Map<string, Structural>()
  if (isObject(schema.properties))
    for (const [name, child] of Object.entries(schema.properties))
      if (isObject(child)) properties.set(name, compileSchema(child))
  const intOrString = schema['x-kubernetes-int-or-string'] === true
  const additional = additionalOf(schema.additionalProperties)
  const items = isObject(schema.items) ? compileSchema(schema.items) : undefined
  const children = [
    ...properties.values(),
    ...(typeof additional === 'object' ? [additional] : []),
    ...(items ? [items] : []),
  ]
  const listType = typeof schema['x-kubernetes-list-type'] === 'string' ? schema['x-kubernetes-list-type'] : undefined
  const embedded = schema['x-kubernetes-embedded-resource'] === true
  return defined({
    types: intOrString ? ['integer', 'string'] : typeof schema.type === 'string' && schema.type ? [schema.type] : [],
    nullable: schema.nullable === true,
    format: typeof schema.format === 'string' ? knownFormat(schema.format) : '',
    properties,
    additional,
    items,
    required: strings(schema.required),
    preserveUnknown: schema['x-kubernetes-preserve-unknown-fields'] === true,
    embedded,
    intOrString,
    default: schema.default,
    defaults: schema.default !== undefined || children.some((child) => child.defaults),
    embeds: embedded || children.some((child) => child.embeds),
    keyed: listType === 'set' || listType === 'map' || children.some((child) => child.keyed),
    enum: Array.isArray(schema.enum) ? schema.enum : undefined,
    pattern:
      typeof schema.pattern === 'string' && schema.pattern
        ? { text: schema.pattern, regExp: compilePattern(schema.pattern) }
        : undefined,
    minimum: number(schema.minimum),
    maximum: number(schema.maximum),
    exclusiveMinimum: schema.exclusiveMinimum === true,
    exclusiveMaximum: schema.exclusiveMaximum === true,
    multipleOf: number(schema.multipleOf),
    minLength: number(schema.minLength),
    maxLength: number(schema.maxLength),
    minItems: number(schema.minItems),
    maxItems: number(schema.maxItems),
    uniqueItems: schema.uniqueItems === true,
    minProperties: number(schema.minProperties),
    maxProperties: number(schema.maxProperties),
    allOf: schemas(schema.allOf),
    anyOf: schemas(schema.anyOf),
    oneOf: schemas(schema.oneOf),
    not: isObject(schema.not) ? compileSchema(schema.not) : undefined,
    listType,
    listMapKeys: strings(schema['x-kubernetes-list-map-keys']),
    mapType: typeof schema['x-kubernetes-map-type'] === 'string' ? schema['x-kubernetes-map-type'] : undefined,
    immutable: immutableOf(schema[RULES]),
  })
}
