import type { Json, JsonObject } from '../schema/contract.ts'
import { badRequest } from '../schema/faults.ts'

/** What a field holds, and so how its bytes become JSON. */
export type Field =
  | { kind: 'string' | 'bytes' | 'integer' | 'bool' | 'rawJson' }
  | { kind: 'time'; digits: 0 | 6 }
  | { kind: 'message'; fields: Message }
  | { kind: 'map'; value: Field }
  | { kind: 'list'; element: Field }

/** Field numbers, with the name and content of each. Fields that are not here are skipped. */
export type Message = Readonly<Record<number, readonly [name: string, field: Field]>>

const Wire = { Varint: 0, Fixed64: 1, Bytes: 2, Fixed32: 5 } as const

/** Reads one message. @throws Fault 400 on broken bytes */
export const readMessage = (bytes: Uint8Array, message: Message): JsonObject => {
  const object: JsonObject = {}
  const cursor = new Cursor(bytes)
  while (!cursor.done) {
    const tag = Number(cursor.varint())
    const known = message[tag >>> 3]
    const value = cursor.value(tag & 7)
    if (known) put(object, known[0], known[1], value)
  }
  return object
}

type Raw = bigint | Uint8Array | undefined

const put = (object: JsonObject, name: string, field: Field, raw: Raw): void => {
  if (field.kind === 'list') {
    const value = jsonOf(field.element, raw)
    const list = (object[name] ?? []) as Json[]
    object[name] = value === undefined ? list : [...list, value]
    return
  }
  if (field.kind === 'map') {
    const entry = readMessage(bytesIn(raw), { 1: ['key', { kind: 'string' }], 2: ['value', field.value] })
    const map = (object[name] ?? {}) as JsonObject
    object[name] = map
    // Defined, not assigned: `__proto__` is a key like any other.
    const value = entry.value ?? zero(field.value)
    Object.defineProperty(map, String(entry.key ?? ''), { value, enumerable: true, writable: true, configurable: true })
    return
  }
  const value = jsonOf(field, raw)
  if (value !== undefined) object[name] = value
}

const zero = (field: Field): Json => (field.kind === 'string' || field.kind === 'bytes' ? '' : {})

const jsonOf = (field: Field, raw: Raw): Json | undefined => {
  switch (field.kind) {
    case 'string':
      return utf8.decode(bytesIn(raw))
    case 'bytes':
      return Buffer.from(bytesIn(raw)).toString('base64')
    case 'rawJson':
      return parse(utf8.decode(bytesIn(raw)))
    case 'integer':
      return Number(BigInt.asIntN(64, integerIn(raw)))
    case 'bool':
      return integerIn(raw) !== 0n
    case 'time':
      return timeIn(bytesIn(raw), field.digits)
    case 'message':
      return readMessage(bytesIn(raw), field.fields)
    default:
      return undefined
  }
}

const utf8 = new TextDecoder()
const TIME: Message = { 1: ['seconds', { kind: 'integer' }], 2: ['nanos', { kind: 'integer' }] }

/** An empty message is the zero time, which JSON leaves out. */
const timeIn = (bytes: Uint8Array, digits: 0 | 6): string | undefined => {
  if (bytes.length === 0) return undefined
  const { seconds = 0, nanos = 0 } = readMessage(bytes, TIME) as { seconds?: number; nanos?: number }
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime())) throw broken('a time is out of range')
  const whole = date.toISOString().slice(0, 19)
  return digits === 0 ? `${whole}Z` : `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`
}

const parse = (text: string): Json => {
  try {
    return JSON.parse(text) as Json
  } catch {
    throw broken('a field that should hold JSON does not')
  }
}

const bytesIn = (raw: Raw): Uint8Array => {
  if (raw instanceof Uint8Array) return raw
  throw broken('wrong wireType')
}
const integerIn = (raw: Raw): bigint => {
  if (typeof raw === 'bigint') return raw
  throw broken('wrong wireType')
}
const broken = (why: string): Error => badRequest(`proto: ${why}`)

class Cursor {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw broken('unexpected EOF')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw broken('integer overflow')
  }

  value(wire: number): Raw {
    switch (wire) {
      case Wire.Varint:
        return this.varint()
      case Wire.Bytes:
        return this.#take(Number(this.varint()))
      case Wire.Fixed64:
        this.#take(8)
        return undefined
      case Wire.Fixed32:
        this.#take(4)
        return undefined
      default:
        throw broken(`illegal wireType ${wire}`)
    }
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#bytes.length) throw broken('unexpected EOF')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}
