import type { Call } from '../call.ts'
import { type Body, bodyText, jsonTypeOf, readBody } from '../http/body.ts'
import { invalidObject } from '../http/status.ts'
import { isObject, metaOf } from '../object.ts'
import type { Json, JsonObject } from '../schema/contract.ts'
import { badRequest, Fault } from '../schema/faults.ts'
import { invalidValue } from '../schema/field.ts'
import type { WriteOptions } from './options.ts'

/** The object in the body of a POST or PUT, decoded and defaulted; what it holds too much is refused or warned of. */
export const decodeBody = (call: Call, options: WriteOptions): JsonObject => {
  const { model } = call.served
  const body = parse(call)
  const object = typed(call, body.value)
  checkKind(call, object)
  try {
    strictly(call, options, [...duplicateFields(body), ...unknownFields(model.decode(object))])
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 400) throw error
    throw badRequest(`${unhandled(call, object)}${error.message}`)
  }
  object.apiVersion = call.served.apiVersion
  object.kind = model.kind
  metaOf(object)
  model.applyDefaults(object)
  return object
}

/** Nothing can be said of a body that does not even say what it is. */
const parse = (call: Call): Body => {
  try {
    return readBody(call.body, call.headers['content-type'])
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 400) throw error
    const { message } = error
    throw unrecognized(
      call,
      message.startsWith('yaml: ') ? message : `couldn't get version/kind; json parse error: ${message}`,
    )
  }
}

const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

/** The body as an object whose kind and apiVersion are texts, if it has them. */
const typed = (call: Call, value: Json): JsonObject => {
  const cannot = (what: Json, into: string): Fault =>
    unrecognized(
      call,
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeOf(what)} into Go ${into}`,
    )
  if (value === null) return missingKind(call, {})
  if (!isObject(value)) throw cannot(value, `value of type ${TYPE_META}`)
  for (const field of ['apiVersion', 'kind'] as const) {
    const part = value[field] ?? ''
    if (typeof part !== 'string') throw cannot(part, `struct field .${field} of type string`)
  }
  return value.kind ? value : missingKind(call, value)
}

/** Built-in kinds are known by the path; custom ones must say what they are. */
const missingKind = (call: Call, object: JsonObject): JsonObject => {
  if (!call.served.model.custom) return object
  throw unrecognized(call, `Object 'Kind' is missing in '${bodyText(call.body)}'`)
}

const unrecognized = (call: Call, why: string): Fault =>
  badRequest(
    `the object provided is unrecognized (must be of type ${call.served.model.kind}): ${why} (${summary(bodyText(call.body))})`,
  )

/** Bytes of a body that an error shows. */
const SUMMARY_BYTES = 30
const summary = (text: string): string => {
  if (text === '') return '<empty>'
  const bytes = Buffer.from(text)
  const shown = bytes.subarray(0, SUMMARY_BYTES)
  const more = bytes.length > SUMMARY_BYTES ? ' ...' : ''
  return (text.startsWith('{') ? shown.toString() : shown.toString('hex')) + more
}

const unhandled = ({ served }: Call, { kind, apiVersion }: JsonObject): string => {
  const version = String(apiVersion || served.version)
  const shown = version.slice(version.indexOf('/') + 1)
  return `${String(kind || served.model.kind)} in version ${JSON.stringify(shown)} cannot be handled as a ${served.model.kind}: `
}

const checkKind = (call: Call, object: JsonObject): void => {
  const { model, apiVersion } = call.served
  const given = String(object.apiVersion ?? '')
  const kind = String(object.kind ?? '')
  if (model.custom) {
    if (given !== apiVersion) {
      throw badRequest(`the API version in the data (${given}) does not match the expected API version (${apiVersion})`)
    }
    if (kind !== model.kind) throw wrongType(object, 'kind', kind, model.kind)
    return
  }
  if (given !== '' && given !== apiVersion) {
    throw badRequest(`${unhandled(call, object)}${notRegistered(kind || model.kind, given)}`)
  }
  if (kind !== '' && kind !== model.kind) {
    throw badRequest(`${unhandled(call, object)}converting (v1.${kind}) to (core.${model.kind}): unknown conversion`)
  }
}

export const notRegistered = (kind: string, version: string): string =>
  `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(version)} in scheme "pkg/runtime/scheme.go:110"`

/** A custom object may not turn into another kind or version. Named after what it says to be. */
const wrongType = (object: JsonObject, field: 'apiVersion' | 'kind', given: string, wanted: string): Fault => {
  const group = String(object.apiVersion ?? '').split('/')[0] ?? ''
  const subject = { group, kind: String(object.kind ?? '') }
  return invalidObject(subject, metaOf(object).name ?? '', [invalidValue(field, given, `must be ${wanted}`)])
}

export const unknownFields = (paths: readonly string[]): string[] =>
  paths.map((path) => `unknown field ${JSON.stringify(path)}`)
export const duplicateFields = ({ duplicates }: Body): string[] =>
  duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`)

/** @throws Fault 400 when the request wants strictness; otherwise warns, or says nothing. */
export const strictly = (call: Call, { fieldValidation }: WriteOptions, faults: readonly string[]): void => {
  if (faults.length === 0 || fieldValidation === 'Ignore') return
  if (fieldValidation === 'Strict') throw badRequest(`strict decoding error: ${faults.join(', ')}`)
  call.warnings.push(...faults)
}
