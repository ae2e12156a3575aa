import type { Call } from '../call.ts'
import { type Body, bodyText, objectBody, readBody } from '../http/body.ts'
import { metaOf } from '../object.ts'
import type { JsonObject } from '../schema/contract.ts'
import { badRequest, Fault } from '../schema/faults.ts'
import type { WriteOptions } from './options.ts'

/** The object in the body of a POST or PUT, decoded and defaulted; what it holds too much is refused or warned of. */
export const decodeBody = (call: Call, options: WriteOptions): JsonObject => {
  const { model } = call.served
  let body: Body
  try {
    body = readBody(call.body, call.headers['content-type'])
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 400) throw error
    throw badRequest(unrecognized(model.kind, call.served.version, error.message))
  }
  const object = objectBody(body)
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

const unhandled = ({ served }: Call, object: JsonObject): string =>
  `${String(object.kind || served.model.kind)} in version ${JSON.stringify(served.version)} cannot be handled as a ${served.model.kind}: `

const unrecognized = (kind: string, version: string, message: string): string =>
  `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${message}`

/** Not more of a body than an error should show. */
const summary = (text: string): string => (text.length > 1024 ? `${text.slice(0, 1024)} ...` : text)

/** Built-in kinds accept bodies that leave kind or apiVersion out; custom ones must say what they are. */
const checkKind = (call: Call, object: JsonObject): void => {
  const { served } = call
  const { model, apiVersion } = served
  const { kind = '', apiVersion: given = '' } = object
  if (model.custom && kind === '') {
    const text = bodyText(call.body).trim()
    throw badRequest(
      `the object provided is unrecognized (must be of type ${model.kind}): Object 'Kind' is missing in '${text}' (${summary(text)})`,
    )
  }
  if ((given !== '' || model.custom) && given !== apiVersion) {
    throw badRequest(
      `the API version in the data (${String(given)}) does not match the expected API version (${apiVersion})`,
    )
  }
  if (kind !== '' && kind !== model.kind) {
    throw badRequest(
      model.custom
        ? `${String(kind)}.${model.group} ${JSON.stringify(metaOf(object).name ?? '')} is invalid: kind: Invalid value: ${JSON.stringify(kind)}: must be ${model.kind}`
        : `${String(kind)} in version ${JSON.stringify(served.version)} cannot be handled as a ${model.kind}: converting (v1.${String(kind)}) to (core.${model.kind}): unknown conversion`,
    )
  }
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
