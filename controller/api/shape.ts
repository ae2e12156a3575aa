import { isDeepStrictEqual } from 'node:util'
import type { TSchema } from 'typebox'
import type { OpenApiSchema } from './crd.ts'

/** What an API server does with a value and its structural schema, for values that did not come from one. */

/**
 * What is wrong with the shape of a value, first of all: `/after/0 must be string`; `undefined` when nothing is. Only types and
 * required fields count: a value that the schema forbids otherwise is left to those who read it.
 */
export const faultOfShape = (value: unknown, schema: TSchema): string | undefined =>
  faultAt(value, schema as OpenApiSchema, '')

function faultAt(value: unknown, schema: OpenApiSchema, at: string): string | undefined {
  const { type, items, properties = {}, required = [] } = schema
  if (type !== undefined && !isOfType(value, type)) return `${at} must be ${type}`
  if (Array.isArray(value)) {
    if (items === undefined) return undefined
    for (const [index, item] of value.entries()) {
      const fault = faultAt(item, items, `${at}/${index}`)
      if (fault !== undefined) return fault
    }
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  for (const name of required) {
    if ((value as Record<string, unknown>)[name] === undefined) return `${at} must have required property ${name}`
  }
  for (const name in properties) {
    const inner = (value as Record<string, unknown>)[name]
    const fault = inner === undefined ? undefined : faultAt(inner, properties[name]!, `${at}/${name}`)
    if (fault !== undefined) return fault
  }
  return undefined
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

/** Structural defaulting as of CRDs: a missing field gets its default, and what is there is completed inside. Nothing is changed in place. */
export function withDefaults(value: unknown, schema: TSchema): unknown {
  const { items, fields } = defaultsOf(schema)
  if (Array.isArray(value)) return items === undefined ? value : value.map((item) => withDefaults(item, items))
  if (fields === undefined || typeof value !== 'object' || value === null) return value
  const completed: Record<string, unknown> = { ...value }
  for (const { name, otherwise, inner } of fields) {
    const given = completed[name] === undefined ? otherwise : completed[name]
    if (given !== undefined) completed[name] = inner === undefined ? given : withDefaults(given, inner)
  }
  return completed
}

/** The way back of `withDefaults`, as far as it can be known: what says nothing but a default is left out. */
export function withoutDefaults(value: unknown, schema: TSchema | undefined): unknown {
  const { items, properties } = (schema ?? {}) as OpenApiSchema
  if (Array.isArray(value))
    return items === undefined ? value : value.map((item) => withoutDefaults(item, items as TSchema))
  if (properties === undefined || typeof value !== 'object' || value === null) return value
  const kept: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(value)) {
    const property = properties[name]
    const normal = property === undefined ? undefined : withDefaults(property.default, property as TSchema)
    if (normal !== undefined && isDeepStrictEqual(inner, normal)) continue
    kept[name] = withoutDefaults(inner, property as TSchema | undefined)
  }
  return kept
}

/** What defaulting does with values of one schema. */
interface Defaults {
  items?: TSchema
  /** Those that have a default, or something inside to complete. */
  fields?: readonly { name: string; otherwise: unknown; inner: TSchema | undefined }[]
}

/** Thousands of objects share a few schemas. */
const known = new WeakMap<TSchema, Defaults>()

function defaultsOf(schema: TSchema): Defaults {
  let defaults = known.get(schema)
  if (defaults === undefined) {
    const { items, properties } = schema as { items?: TSchema; properties?: Record<string, TSchema> }
    const fields = Object.entries(properties ?? {}).map(([name, property]) => {
      const { default: otherwise, properties: nested, items: elements } = property as OpenApiSchema
      // Of the elements of a list only tables can have defaults inside.
      const inner = nested !== undefined || elements?.properties !== undefined ? property : undefined
      return { name, otherwise, inner }
    })
    defaults = {
      ...(items && { items }),
      ...(properties && {
        fields: fields.filter(({ otherwise, inner }) => otherwise !== undefined || inner !== undefined),
      }),
    }
    known.set(schema, defaults)
  }
  return defaults
}
