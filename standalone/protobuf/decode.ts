import type { JsonObject } from '../schema/contract.ts'
import { badRequest } from '../schema/faults.ts'
import { messages } from './messages.ts'
import { type Message, readMessage } from './wire.ts'

export const PROTOBUF = 'application/vnd.kubernetes.protobuf'

const MAGIC = [0x6b, 0x38, 0x73, 0x00]
/** runtime.Unknown: what the object is, and its bytes. */
const ENVELOPE: Message = {
  1: [
    'typeMeta',
    { kind: 'message', fields: { 1: ['apiVersion', { kind: 'string' }], 2: ['kind', { kind: 'string' }] } },
  ],
  2: ['raw', { kind: 'bytes' }],
}

/** The object in a protobuf body; undefined for kinds that are read as JSON or YAML alone. @throws Fault 400 */
export const decodeProtobuf = (body: Uint8Array): JsonObject | undefined => {
  if (MAGIC.some((byte, index) => body[index] !== byte)) {
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  }
  const { typeMeta, raw } = readMessage(body.subarray(MAGIC.length), ENVELOPE)
  const { apiVersion = '', kind = '' } = (typeMeta ?? {}) as { apiVersion?: string; kind?: string }
  const message = messages.get(`${apiVersion} ${kind}`)
  if (!message) return undefined
  const object = readMessage(Buffer.from(String(raw ?? ''), 'base64'), message)
  unwrapFieldsV1(object)
  return { apiVersion, kind, ...object }
}

/** FieldsV1 is a message around raw JSON; in JSON it is that JSON. */
const unwrapFieldsV1 = ({ metadata }: JsonObject): void => {
  const entries = (metadata as { managedFields?: { fieldsV1?: { raw?: JsonObject } | JsonObject }[] } | undefined)
    ?.managedFields
  for (const entry of entries ?? []) {
    if (entry.fieldsV1) entry.fieldsV1 = (entry.fieldsV1 as { raw?: JsonObject }).raw ?? {}
  }
}
