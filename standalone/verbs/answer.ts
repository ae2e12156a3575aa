import type { ApiResponse } from '../api.ts'
import type { Call } from '../call.ts'
import { answer, answerText } from '../http/negotiate.ts'
import { metaOf } from '../object.ts'
import type { JsonObject, TableOptions } from '../schema/contract.ts'
import { badRequest } from '../schema/faults.ts'
import { toTable } from '../table/table.ts'
import type { Written } from './persist.ts'

/** An object as the client wants to see it. */
export const answerObject = (call: Call, status: number, object: JsonObject): ApiResponse => {
  const { as } = call.representation
  if (as === 'Table')
    return answer(status, objectTable(call, [object], singleMeta(object)), call.representation, call.warnings)
  if (as === 'PartialObjectMetadata') {
    return answer(status, partialMetadata(call, object), call.representation, call.warnings)
  }
  return answerText(status, JSON.stringify(object), call.representation, call.warnings)
}

export const answerWritten = (call: Call, status: number, { object, text }: Written): ApiResponse =>
  text === undefined || call.representation.as
    ? answerObject(call, status, object)
    : answerText(status, text, call.representation, call.warnings)

export const answerObjectText = (call: Call, status: number, text: string): ApiResponse =>
  call.representation.as
    ? answerObject(call, status, JSON.parse(text) as JsonObject)
    : answerText(status, text, call.representation, call.warnings)

const singleMeta = (object: JsonObject): JsonObject => ({ resourceVersion: metaOf(object).resourceVersion ?? '' })

/** `listMeta` is of the list, or of the one object. */
export const objectTable = (
  call: Call,
  objects: readonly JsonObject[],
  listMeta: JsonObject,
  withColumns = true,
): JsonObject =>
  toTable({
    printer: call.served.printer,
    objects,
    includeObject: includeObject(call.query),
    now: call.backend.clock().getTime(),
    listMeta,
    withColumns,
    apiVersion: call.representation.version === 'v1beta1' ? 'meta.k8s.io/v1beta1' : 'meta.k8s.io/v1',
  })

const includeObject = (query: URLSearchParams): TableOptions['includeObject'] => {
  const value = query.get('includeObject') || 'Metadata'
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  )
}

export const partialMetadata = ({ representation }: Call, object: JsonObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${representation.version ?? 'v1'}`,
  metadata: object.metadata ?? {},
})
