import { LineCounter, parseDocument, type YAMLError } from 'yaml'
import { isObject } from '../object.ts'
import { decodeProtobuf, PROTOBUF } from '../protobuf/decode.ts'
import type { Json, JsonObject } from '../schema/contract.ts'
import { badRequest, Fault } from '../schema/faults.ts'
import { parseJson } from '../schema/json.ts'
import { StatusError, tooLarge } from './status.ts'

/** kube-apiserver's limit for a request body. */
export const BODY_LIMIT = 3 * 1024 * 1024
/** Parsing YAML costs a hundred times what parsing JSON does, and kubectl sends JSON. */
const YAML_LIMIT = 1024 * 1024
/** YAML aliases may multiply a document; no honest manifest needs many. */
const ALIAS_LIMIT = 100

export interface Body {
  value: Json
  /** Paths of repeated keys. */
  duplicates: string[]
}

export type RawBody = Uint8Array | string | undefined

export const bodyText = (body: RawBody): string => {
  if (body === undefined) return ''
  if (body.length > BODY_LIMIT) throw tooLarge(`Request entity too large: limit is ${BODY_LIMIT}`)
  return typeof body === 'string' ? body : new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
}

const mediaTypeOf = (contentType: string | undefined): string => {
  const media = (contentType ?? '').split(';')[0]!.trim().toLowerCase()
  return media === '' ? 'application/json' : media
}

/** @throws Fault: 415 for what is none of the media types, 400 for what does not parse. */
export const readBody = (body: RawBody, contentType: string | undefined): Body => {
  const media = mediaTypeOf(contentType)
  if (media === 'application/json') return parseJson(bodyText(body))
  if (media === 'application/yaml') return parseYaml(bodyText(body))
  const value = media === PROTOBUF && body instanceof Uint8Array ? decodeProtobuf(body) : undefined
  if (value) return { value, duplicates: [] }
  throw new StatusError(
    415,
    'UnsupportedMediaType',
    'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  )
}

const YAML_OPTIONS = {
  version: '1.1',
  uniqueKeys: false,
  merge: true,
  logLevel: 'silent',
  prettyErrors: false,
} as const

/** YAML 1.1 as in Kubernetes: `y` and `on` are booleans. JSON is YAML, and parsed as what it is where it can be. */
export const parseYaml = (text: string): Body => {
  if (/^\s*\{/.test(text)) {
    try {
      return parseJson(text)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
    }
  }
  if (text.length > YAML_LIMIT) throw tooLarge(`Request entity too large: limit for YAML is ${YAML_LIMIT}`)
  const lineCounter = new LineCounter()
  // Pretty errors quote the text around each error, and a hostile text has an error every few characters.
  const document = parseDocument(text, { ...YAML_OPTIONS, lineCounter })
  const [error] = document.errors
  if (error) throw badRequest(`yaml: line ${lineCounter.linePos(error.pos[0]).line || 1}: ${yamlFault(error)}`)
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: ALIAS_LIMIT })
  } catch (cause) {
    throw badRequest(`yaml: ${cause instanceof Error ? cause.message : 'broken'}`)
  }
  // Dates and the like become what JSON can hold.
  return parseJson(JSON.stringify(value ?? null))
}

/** In go-yaml's words where it is clear which ones those would be. */
const yamlFault = ({ code, message }: YAMLError): string => {
  if (/^Flow (sequence|map)/.test(message)) {
    return message.includes('end with a ]') || message.includes('end with a }')
      ? "did not find expected ',' or ']'"
      : 'did not find expected node content'
  }
  return code === 'TAB_AS_INDENT' ? 'found character that cannot start any token' : message.split('\n')[0]!
}

export const objectBody = ({ value }: Body): JsonObject => {
  if (isObject(value)) return value
  throw badRequest(`json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type map[string]interface {}`)
}

/** As Go's decoder calls it. */
export const jsonTypeOf = (value: Json): string => {
  if (Array.isArray(value)) return 'array'
  return value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value
}
