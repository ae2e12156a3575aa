import type { ApiResponse } from '../api.ts'
import { serverSideApply } from '../apply/apply.ts'
import { managerOf } from '../apply/update.ts'
import type { Call } from '../call.ts'
import { type Body, bodyText, jsonTypeOf, objectBody, parseYaml } from '../http/body.ts'
import { invalidObject, notFound, StatusError } from '../http/status.ts'
import { isObject, metaOf, timeText } from '../object.ts'
import { jsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import { strategicMergePatch } from '../patch/strategic-merge-patch.ts'
import type { Cause, Json, JsonObject } from '../schema/contract.ts'
import { badRequest, Fault } from '../schema/faults.ts'
import { invalidValue } from '../schema/field.ts'
import { marshal } from '../schema/go.ts'
import { parseJson } from '../schema/json.ts'
import type { Transaction } from '../store/writer.ts'
import { answerWritten } from './answer.ts'
import { duplicateFields, notRegistered, strictly, unknownFields } from './decode.ts'
import { type WriteOptions, writeOptions } from './options.ts'
import {
  checkName,
  createObject,
  liveObject,
  settleNamespace,
  settleNew,
  subresourceOf,
  updateObject,
} from './persist.ts'

const PatchType = {
  Json: 'application/json-patch+json',
  Merge: 'application/merge-patch+json',
  StrategicMerge: 'application/strategic-merge-patch+json',
  Apply: 'application/apply-patch+yaml',
} as const
type PatchType = (typeof PatchType)[keyof typeof PatchType]

export const patch = async (call: Call): Promise<ApiResponse> => {
  const type = patchTypeOf(call)
  if (call.name === '') throw badRequest('name must be provided')
  const text = bodyText(call.body)
  const options = writeOptions(call.query, 'PatchOptions', type === PatchType.Apply)
  return type === PatchType.Apply ? apply(call, text, options) : patchLive(call, type, text, options)
}

const patchTypeOf = ({ headers, served }: Call): PatchType => {
  const media = (headers['content-type'] ?? '').split(';')[0]!.trim()
  const accepted = Object.values(PatchType).filter((type) => !served.model.custom || type !== PatchType.StrategicMerge)
  const type = accepted.find((candidate) => candidate === media)
  if (type) return type
  if (!served.model.custom) {
    throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
  }
  throw new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )
}

const patchLive = (call: Call, type: PatchType, text: string, options: WriteOptions): Promise<ApiResponse> => {
  const { served, backend } = call
  const body = parsePatch(text)
  const manager = managerOf(options.fieldManager, call.headers['user-agent'])
  return backend.store.write((tx) => {
    const live = liveObject(tx, call, call.name)
    if (!live) throw notFound(served.resource, call.name)
    const patched = patchedObject(call, type, live.object, body.value)
    const object = decodePatched(call, options, patched, body.duplicates)
    checkName(call, object)
    settleNamespace(call, object)
    return answerWritten(
      call,
      200,
      updateObject(tx, call, live.stored, live.object, object, { dryRun: options.dryRun, manager }),
    )
  })
}

const parsePatch = (text: string): { value: Json; duplicates: string[] } => {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof Fault && error.code === 400) throw badRequest(`error decoding patch: ${error.message}`)
    throw error
  }
}

const patchedObject = (call: Call, type: PatchType, live: JsonObject, body: Json): Json => {
  if (type === PatchType.Json) return jsonPatch(live, body)
  if (type === PatchType.Merge) return mergePatch(live, body)
  if (!isObject(body))
    throw badRequest(`json: cannot unmarshal ${jsonTypeOf(body)} into Go value of type map[string]interface {}`)
  return strategicMergePatch(live, body, call.served.model)
}

/** A patch may not turn an object into another kind; built-in kinds forgive that it takes the kind away. */
const checkPatchedKind = (
  { served }: Call,
  { apiVersion = '', kind = '', metadata }: JsonObject,
  source: string,
): void => {
  const { model } = served
  if (!model.custom) {
    if ((apiVersion === '' || apiVersion === served.apiVersion) && (kind === '' || kind === model.kind)) return
    throw badRequest(notRegistered(String(kind || model.kind), String(apiVersion || served.apiVersion)))
  }
  for (const [field, value] of Object.entries({ apiVersion, kind })) {
    if (typeof value !== 'string') {
      throw badRequest(
        `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeOf(value)} into Go struct field .${field} of type string`,
      )
    }
  }
  if (kind === '') throw badRequest(`Object 'Kind' is missing in '${source}'`)
  const causes: Cause[] = []
  if (kind !== model.kind) causes.push(invalidValue('kind', kind, `must be ${model.kind}`))
  if (apiVersion !== served.apiVersion)
    causes.push(invalidValue('apiVersion', apiVersion, `must be ${served.apiVersion}`))
  if (causes.length === 0) return
  const group = String(apiVersion).includes('/') ? String(apiVersion).split('/')[0]! : ''
  throw invalidObject({ group, kind: String(kind) }, isObject(metadata) ? String(metadata.name ?? '') : '', causes)
}

/** What a patch made must be an object of the kind; else the fault is the patch's. */
const decodePatched = (call: Call, options: WriteOptions, patched: Json, duplicates: string[]): JsonObject => {
  const { model, apiVersion } = call.served
  const before = marshal(patched)
  try {
    const object = objectBody({ value: patched, duplicates })
    checkPatchedKind(call, object, before)
    clearManagers(object)
    const faults = [...duplicateFields({ value: patched, duplicates }), ...unknownFields(model.decode(object))]
    strictly(call, options, faults)
    object.apiVersion = apiVersion
    object.kind = model.kind
    model.applyDefaults(object)
    return object
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 400) throw error
    throw invalidObject({ group: '', kind: '' }, '', [invalidValue('patch', before, error.message)])
  }
}

/** A patch that leaves an empty list of managers means to clear them, as `[{}]` does. */
const clearManagers = ({ metadata }: JsonObject): void => {
  if (!isObject(metadata)) return
  const { managedFields } = metadata
  if (Array.isArray(managedFields) && managedFields.length === 0) metadata.managedFields = [{}]
}

const apply = (call: Call, text: string, options: WriteOptions): Promise<ApiResponse> => {
  const { served, backend } = call
  const body = parseApplied(text)
  const source = JSON.stringify(body.value)
  strictly(call, options, duplicateFields(body))
  return backend.store.write((tx) => {
    const applied = JSON.parse(source) as JsonObject
    const { name } = metaOf(applied)
    if (name && name !== call.name) {
      throw badRequest(`the name of the object (${name}) does not match the name on the URL (${call.name})`)
    }
    const live = liveObject(tx, call, call.name)
    if (!live && call.subresource) throw notFound(served.resource, call.name)
    const { object } = serverSideApply({
      model: served.model,
      live: live?.object,
      applied,
      manager: options.fieldManager,
      force: options.force,
      subresource: subresourceOf(call),
      time: timeText(backend.clock()),
      modelOf: (apiVersion) => backend.registry.byKind(apiVersion, served.model.kind)?.model,
    })
    return answerApplied(tx, call, live, object, options.dryRun)
  })
}

const parseApplied = (text: string): Body => {
  let body: Body
  try {
    body = parseYaml(text)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`)
  }
  // To Go an object that was never there.
  if (body.value === null) return { value: {}, duplicates: [] }
  try {
    objectBody(body)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${error.message}`)
  }
  return body
}

const answerApplied = (
  tx: Transaction,
  call: Call,
  live: ReturnType<typeof liveObject>,
  object: JsonObject,
  dryRun: boolean,
): ApiResponse => {
  const writing = { dryRun, manager: undefined }
  settleNamespace(call, object)
  if (live) return answerWritten(call, 200, updateObject(tx, call, live.stored, live.object, object, writing))
  call.authorizeCreate()
  settleNew(call, object)
  return answerWritten(call, 201, createObject(tx, call, object, writing))
}
