/**
 * What Go's JSON decoder and encoder make of an object between a request and the store: unknown fields and nulls go, zero
 * values of `omitempty` fields go, times become UTC, fields stand in the order of the struct.
 */
import type { Json, JsonObject } from '../schema/contract.ts'
import { badRequest } from '../schema/faults.ts'
import { isObject, setKey } from '../schema/go.ts'
import { normaliseTime, rfc3339, rfc3339Micro } from './go-time.ts'
import { type GoField, type GoStruct, type GoType, goName, shortName } from './go-type.ts'

const MAX_UNKNOWN = 100

/** Where the decoder is: for paths of unknown fields, and for the words of type errors. */
interface Place {
  /** `metadata.ownerReferences[0]`. */
  path: string
  /** Innermost struct, and struct fields on the way (without indices and keys). */
  struct: string
  fields: string
}

const jsonKind = (value: Json): string => {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? 'array' : 'object'
}

const mismatch = (value: Json, type: GoType, place: Place, kind = jsonKind(value)): Error => {
  if (type.kind === 'time' || type.kind === 'microTime')
    return badRequest(`json: cannot unmarshal ${kind} into Go value of type string`)
  const where = place.fields ? `Go struct field ${place.struct}.${place.fields}` : 'Go value'
  return badRequest(`json: cannot unmarshal ${kind} into ${where} of type ${goName(type)}`)
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

const decodeBytes = (text: string): string => {
  const compact = text.replace(/[\r\n]/g, '')
  if (!BASE64.test(compact) || compact.length % 4 !== 0) {
    const bad = [...compact].findIndex((c, i) => !/[A-Za-z0-9+/]/.test(c) && !(c === '=' && i >= compact.length - 2))
    throw badRequest(`illegal base64 data at input byte ${bad >= 0 ? bad : compact.length - (compact.length % 4)}`)
  }
  return compact
}

const decodeScalar = (value: Json, type: GoType, place: Place): Json => {
  switch (type.kind) {
    case 'json':
      return value
    case 'fieldsV1':
      return value
    case 'bool':
      if (typeof value !== 'boolean') throw mismatch(value, type, place)
      return value
    case 'int32':
    case 'int64': {
      if (typeof value !== 'number') throw mismatch(value, type, place)
      const limit = type.kind === 'int32' ? 2 ** 31 : Number.POSITIVE_INFINITY
      if (!Number.isInteger(value) || value >= limit || value < -limit)
        throw mismatch(value, type, place, `number ${value}`)
      return value
    }
    case 'float64':
      if (typeof value !== 'number') throw mismatch(value, type, place)
      return value
    default:
      if (typeof value !== 'string') throw mismatch(value, type, place)
  }
  if (type.kind === 'string') return value
  try {
    if (type.kind === 'bytes') return decodeBytes(value)
    if (value === '') return null
    return normaliseTime(value, type.kind === 'time' ? rfc3339 : rfc3339Micro)
  } catch (error) {
    throw badRequest((error as Error).message)
  }
}

const zero = (type: GoType): Json => {
  switch (type.kind) {
    case 'string':
    case 'bytes':
      return ''
    case 'bool':
      return false
    case 'int32':
    case 'int64':
    case 'float64':
      return 0
    case 'struct':
      return decodeStruct({}, type, { path: '', struct: '', fields: '' }, [])
    case 'lazy':
      return zero(type.of())
    default:
      return null
  }
}

const isEmpty = (value: Json, type: GoType): boolean => {
  if (value === null || value === '' || value === 0 || value === false) return true
  if (type.kind === 'struct' || type.kind === 'lazy' || type.kind === 'json' || type.kind === 'either') return false
  if (Array.isArray(value)) return value.length === 0
  if (typeof value === 'object') {
    for (const _ in value) return false
    return true
  }
  return false
}

const keep = (value: Json, field: GoField): boolean => {
  if (field.always) return true
  if (field.pointer) return value !== null
  return !isEmpty(value, field.type)
}

const decodeValue = (value: Json, type: GoType, place: Place, unknown: string[]): Json => {
  if (type.kind === 'lazy') return decodeValue(value, type.of(), place, unknown)
  if (value === null) return type.kind === 'json' ? null : zero(type)
  switch (type.kind) {
    case 'struct':
      if (!isObject(value)) throw mismatch(value, type, place)
      return decodeStruct(value, type, place, unknown)
    case 'map': {
      if (!isObject(value)) throw mismatch(value, type, place)
      const out: JsonObject = {}
      for (const key of Object.keys(value)) {
        const inner = type.value.kind === 'string' ? place : { ...place, path: `${place.path}.${key}` }
        setKey(out, key, decodeValue(value[key] as Json, type.value, inner, unknown))
      }
      return out
    }
    case 'list': {
      if (!Array.isArray(value)) throw mismatch(value, type, place)
      return value.map((item, i) => decodeValue(item, type.element, { ...place, path: `${place.path}[${i}]` }, unknown))
    }
    case 'either':
      if (Array.isArray(value) && type.list) return decodeValue(value, type.list, place, unknown)
      if (typeof value === 'boolean' && type.bool) return value
      return decodeValue(value, type.object, place, unknown)
    default:
      return decodeScalar(value, type, place)
  }
}

const decodeStruct = (value: JsonObject, type: GoStruct, place: Place, unknown: string[]): JsonObject => {
  const prefix = place.path ? `${place.path}.` : ''
  const struct = shortName(type)
  // In the order of the document, so that unknown fields are named in that order; then in the order of the struct.
  const decoded = new Map<string, Json>()
  for (const key in value) {
    const field = type.fields.get(key)
    const given = value[key] as Json
    if (!field) {
      if (unknown.length < MAX_UNKNOWN) unknown.push(prefix + key)
    } else if (given !== null) {
      const fields = place.fields ? `${place.fields}.${key}` : key
      decoded.set(key, decodeValue(given, field.type, { path: prefix + key, struct, fields }, unknown))
    }
  }
  const out: JsonObject = {}
  for (const [name, field] of type.fields) {
    let result = decoded.get(name)
    if (result === undefined) {
      const given = name in value
      if (!given && !field.always && field.type.kind !== 'struct') continue
      result = field.pointer ? null : zero(field.type)
    }
    if (keep(result, field)) out[name] = result
  }
  return out
}

/**
 * A new object as Go would write it.
 * @throws Fault (400) whose message is the tail of the whole: `json: cannot unmarshal ...`, `parsing time ...`
 */
export const decodeGo = (value: JsonObject, type: GoStruct, unknown: string[], path = ''): JsonObject =>
  decodeStruct(value, type, { path, struct: '', fields: '' }, unknown)
