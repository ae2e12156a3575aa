/** Validation of a custom resource against its schema, with the words of kube-openapi and the ratcheting of apiextensions. */
import type { Cause, Json, JsonObject } from './contract.ts'
import { invalidValue, notSupported, required, tooLong, tooMany, typeInvalid } from './field.ts'
import { hasFormat } from './formats.ts'
import { equal, formatFloat, isObject, own, quote } from './go.ts'
import { matchesPattern } from './pattern.ts'
import type { Structural } from './structural.ts'

type Code = 'type' | 'required' | 'enum' | 'tooLong' | 'maxItems' | 'maxProperties' | 'invalid' | 'combinator'

interface Failure {
  code: Code
  path: string
  message: string
  value?: unknown
  /** Allowed values, or the limit. */
  allowed?: readonly Json[]
  limit?: number
}

/** A body of 3 MiB can be wrong a million times; nobody reads on after these. */
const MAX_FAILURES = 500

/** Errors, each message once, and how many validators had a say: the branch of a combinator that got furthest is reported. */
class Result {
  readonly #failures = new Map<string, Failure>()
  matches = 0

  get failures(): readonly Failure[] {
    return [...this.#failures.values()]
  }
  get failed(): boolean {
    return this.#failures.size > 0
  }
  add(failure: Failure): void {
    if (this.#failures.size < MAX_FAILURES && !this.#failures.has(failure.message))
      this.#failures.set(failure.message, failure)
  }
  merge(other: Result): void {
    for (const failure of other.#failures.values()) this.add(failure)
    this.matches += other.matches
  }
}

const schemaTypeOf = (value: Json): string => {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return Array.isArray(value) ? 'array' : 'object'
}

const wrongType = (path: string, expected: string, actual: string): Failure => ({
  code: 'type',
  path,
  message: `${path} in body must be of type ${expected}: ${quote(actual)}`,
  value: actual,
})

const fits = (types: readonly string[], actual: string): boolean =>
  types.includes(actual) || (actual === 'integer' && types.includes('number'))

const checkType = (schema: Structural, value: Json, path: string, out: Result): void => {
  if (schema.types.length === 0 && !schema.format) return
  if (value === null) {
    if (schema.types.length && !schema.nullable) out.add(wrongType(path, schema.types.join(','), 'null'))
    return
  }
  const actual = schemaTypeOf(value)
  const listOrString = actual === 'string' || actual === 'array'
  if (!listOrString && schema.format && !fits(schema.types, actual)) {
    const format = actual === 'integer' ? 'int64' : actual === 'number' ? 'float64' : ''
    out.add(wrongType(path, schema.format, format))
    return
  }
  const numeric = schema.types.includes('number') || schema.types.includes('integer')
  if (!numeric && schema.format && listOrString) {
    out.matches++
    return
  }
  if (fits(schema.types, actual)) out.matches += 2
  else out.add(wrongType(path, schema.types.join(','), actual))
}

const invalid = (path: string, message: string, value?: unknown): Failure => ({
  code: 'invalid',
  path,
  message: `${path} in body ${message}`,
  value,
})

const runes = (text: string): number => {
  let count = 0
  for (const _ of text) count++
  return count
}

const checkString = (schema: Structural, value: string, path: string, out: Result): void => {
  const { minLength, maxLength, pattern } = schema
  if (maxLength !== undefined && value.length > maxLength && runes(value) > maxLength)
    out.add({
      code: 'tooLong',
      path,
      message: `${path} in body should be at most ${maxLength} chars long`,
      value,
      limit: maxLength,
    })
  else if (minLength !== undefined && runes(value) < minLength)
    out.add(invalid(path, `should be at least ${minLength} chars long`, value))
  else if (pattern && !(pattern.regExp && matchesPattern(pattern.regExp, value)))
    out.add(invalid(path, `should match '${pattern.text}'`, value))
  if (schema.format && !hasFormat(schema.format, value))
    out.add({ code: 'type', path, message: `${path} in body must be of type ${schema.format}: ${quote(value)}`, value })
}

const checkNumber = (schema: Structural, value: number, path: string, out: Result): void => {
  const { minimum, maximum, multipleOf } = schema
  out.matches += 1
  if (multipleOf !== undefined && !Number.isInteger(Number((value / multipleOf).toPrecision(15))))
    out.add(invalid(path, `should be a multiple of ${formatFloat(multipleOf)}`, value))
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum))
    out.add(
      invalid(
        path,
        `should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${formatFloat(minimum)}`,
        value,
      ),
    )
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum))
    out.add(
      invalid(
        path,
        `should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${formatFloat(maximum)}`,
        value,
      ),
    )
}

const checkList = (schema: Structural, value: Json[], path: string, old: Json | undefined, out: Result): void => {
  const { items } = schema
  if (items) {
    const correlate = listCorrelation(schema, old)
    for (let i = 0; i < value.length; i++)
      child(items, value[i] as Json, `${path}[${i}]`, correlate?.(value[i] as Json), out)
  }
  if (schema.minItems !== undefined && value.length < schema.minItems)
    out.add(invalid(path, `should have at least ${schema.minItems} items`, value.length))
  if (schema.maxItems !== undefined && value.length > schema.maxItems)
    out.add({
      code: 'maxItems',
      path,
      message: `${path} in body should have at most ${schema.maxItems} items`,
      value: value.length,
      limit: schema.maxItems,
    })
  if (schema.uniqueItems && value.some((item, i) => value.slice(0, i).some((other) => equal(item, other))))
    out.add(invalid(path, "shouldn't contain duplicates"))
  out.matches += 1
}

/** Ratcheting: entries of a map list are compared with the old entry of the same key. */
const listCorrelation = (schema: Structural, old: Json | undefined): ((item: Json) => Json | undefined) | undefined => {
  if (schema.listType !== 'map' || !Array.isArray(old)) return undefined
  const keyOf = (item: Json): string =>
    JSON.stringify(
      isObject(item)
        ? schema.listMapKeys.map((key) => item[key] ?? schema.items?.properties.get(key)?.default ?? null)
        : null,
    )
  const byKey = new Map(old.map((item) => [keyOf(item), item]))
  return (item) => byKey.get(keyOf(item))
}

const checkObject = (schema: Structural, value: JsonObject, path: string, old: Json | undefined, out: Result): void => {
  const before = isObject(old) ? old : undefined
  const prefix = path ? `${path}.` : ''
  if (schema.minProperties !== undefined || schema.maxProperties !== undefined) {
    const size = Object.keys(value).length
    if (schema.minProperties !== undefined && size < schema.minProperties)
      out.add(invalid(path, `should have at least ${schema.minProperties} properties`, size))
    if (schema.maxProperties !== undefined && size > schema.maxProperties)
      out.add({
        code: 'maxProperties',
        path,
        message: `${path} in body should have at most ${schema.maxProperties} properties`,
        value: size,
        limit: schema.maxProperties,
      })
  }
  const { additional } = schema
  if (typeof additional === 'object')
    for (const key in value)
      if (!schema.properties.has(key))
        child(additional, value[key] as Json, `${path}.${key}`, before && own(before, key), out)
  for (const key in value) {
    const property = schema.properties.get(key)
    if (property) child(property, value[key] as Json, prefix + key, before && own(before, key), out)
  }
  for (const key of schema.required)
    if (!Object.hasOwn(value, key))
      out.add({ code: 'required', path: `${path}.${key}`, message: `${path}.${key} in body is required` })
}

const child = (schema: Structural, value: Json, path: string, old: Json | undefined, out: Result): void => {
  const result = run(schema, value, path, old)
  // An unchanged fault is no fault of this update.
  if (result.failed && old !== undefined && equal(value, old)) out.matches += result.matches
  else out.merge(result)
}

const combinator = (path: string, message: string): Failure => ({
  code: 'combinator',
  path: '',
  message: `${quote(path)} ${message}`,
})

const checkAnyOf = (schema: Structural, value: Json, path: string, old: Json | undefined, out: Result): void => {
  let best: Result | undefined
  for (const branch of schema.anyOf) {
    const result = run(branch, value, path, old)
    if (!result.failed) {
      out.merge(result)
      return
    }
    if (!best || result.matches > best.matches) best = result
  }
  out.add(combinator(path, 'must validate at least one schema (anyOf)'))
  if (best) out.merge(best)
}

const checkOneOf = (schema: Structural, value: Json, path: string, old: Json | undefined, out: Result): void => {
  let best: Result | undefined
  let first: Result | undefined
  let valid = 0
  for (const branch of schema.oneOf) {
    const result = run(branch, value, path, old)
    if (!result.failed) {
      valid++
      first ??= result
      best = undefined
    } else if (valid === 0 && (!best || result.matches > best.matches)) best = result
  }
  if (valid === 1 && first) {
    out.merge(first)
    return
  }
  const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`
  out.add(combinator(path, `must validate one and only one schema (oneOf). ${found}`))
  if (best) out.merge(best)
}

const checkAllOf = (schema: Structural, value: Json, path: string, old: Json | undefined, out: Result): void => {
  let valid = 0
  for (const branch of schema.allOf) {
    const result = run(branch, value, path, old)
    if (!result.failed) valid++
    out.merge(result)
  }
  if (valid < schema.allOf.length)
    out.add(combinator(path, `must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`))
}

const checkEnum = (schema: Structural, value: Json, path: string, out: Result): void => {
  if (!schema.enum?.length || schema.enum.some((allowed) => equal(allowed, value))) return
  out.add({
    code: 'enum',
    path,
    message: `${path} in body should be one of the allowed values`,
    value,
    allowed: schema.enum,
  })
}

const run = (schema: Structural, value: Json, path: string, old: Json | undefined): Result => {
  const out = new Result()
  checkType(schema, value, path, out)
  if (value === null) {
    checkEnum(schema, value, path, out)
    return out
  }
  if (schema.anyOf.length) checkAnyOf(schema, value, path, old, out)
  if (schema.oneOf.length) checkOneOf(schema, value, path, old, out)
  if (schema.allOf.length) checkAllOf(schema, value, path, old, out)
  if (schema.not && !run(schema.not, value, path, old).failed)
    out.add(combinator(path, 'must not validate the schema (not)'))
  if (typeof value === 'string') checkString(schema, value, path, out)
  else if (typeof value === 'number') checkNumber(schema, value, path, out)
  else if (Array.isArray(value)) checkList(schema, value, path, old, out)
  checkEnum(schema, value, path, out)
  if (isObject(value)) checkObject(schema, value, path, old, out)
  if (schema.immutable !== undefined && old !== undefined && !out.failed && !equal(value, old))
    out.add({ code: 'invalid', path, message: schema.immutable, value: schema.types[0] ?? 'object' })
  out.matches += 3
  return out
}

const causeOf = (failure: Failure, base: string): Cause => {
  const name = failure.path.replace(/^\./, '')
  const field = base && name ? `${base}.${name}` : base || name
  const value = failure.value ?? ''
  switch (failure.code) {
    case 'required':
      return required(field)
    case 'enum':
      return notSupported(
        field,
        failure.value,
        (failure.allowed ?? []).map((item) => (typeof item === 'string' ? item : JSON.stringify(item))),
      )
    case 'tooLong':
      return tooLong(field, failure.limit ?? -1)
    case 'maxItems':
    case 'maxProperties':
      return tooMany(field, Number(failure.value), failure.limit ?? -1)
    case 'type':
      return typeInvalid(field, value, failure.message)
    case 'combinator':
      return invalidValue(base, '', failure.message)
    case 'invalid':
      return invalidValue(field, value, failure.message)
  }
}

/** All faults of `value`; those that `old` had in the same place do not count. `base` stands before every field. */
export const validateSchema = (schema: Structural, value: Json, old?: Json, base = ''): Cause[] => {
  const result = run(schema, value, '', old)
  if (result.failed && old !== undefined && equal(value, old)) return []
  return result.failures.map((failure) => causeOf(failure, base))
}
