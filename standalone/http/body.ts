import { parseDocument } from 'yaml'
import { isObject } from '../object.ts'
import type { Json, JsonObject, ParseJson } from '../schema/contract.ts'
import { badRequest, Fault } from '../schema/faults.ts'
import { StatusError, tooLarge } from './status.ts'

/** kube-apiserver's limit for a request body. */
export const BODY_LIMIT = 3 * 1024 * 1024
/** YAML aliases may multiply a document; no honest manifest needs many. */
const ALIAS_LIMIT = 100

export interface Body {
  value: Json
  /** Paths of repeated keys. */
  duplicates: string[]
}

export const bodyText = (body: Uint8Array | string | undefined): string => {
  if (body === undefined) return ''
  if (body.length > BODY_LIMIT) throw tooLarge(`Request entity too large: limit is ${BODY_LIMIT}`)
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}

export const mediaTypeOf = (contentType: string | undefined): string => {
  const media = (contentType ?? '').split(';')[0]!.trim().toLowerCase()
  return media === '' ? 'application/json' : media
}

/** @throws Fault: 415 for media types other than JSON and YAML, 400 for what does not parse. */
export const parseBody = (parseJson: ParseJson, text: string, media: string): Body => {
  if (media === 'application/json') return parseJson(text)
  if (media === 'application/yaml') return parseYaml(parseJson, text)
  throw new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`,
  )
}

/** YAML 1.1 as in Kubernetes: `y` and `on` are booleans. JSON is YAML, and parsed as what it is where it can be. */
export const parseYaml = (parseJson: ParseJson, text: string): Body => {
  if (/^\s*\{/.test(text)) {
    try {
      return parseJson(text)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
    }
  }
  const document = parseDocument(text, { version: '1.1', uniqueKeys: false, merge: true, logLevel: 'silent' })
  const [error] = document.errors
  if (error) throw badRequest(`error converting YAML to JSON: yaml: ${error.message.split('\n')[0]}`)
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: ALIAS_LIMIT })
  } catch (cause) {
    throw badRequest(`error converting YAML to JSON: yaml: ${cause instanceof Error ? cause.message : 'broken'}`)
  }
  // Dates and the like become what JSON can hold.
  return parseJson(JSON.stringify(value ?? null))
}

export const objectBody = ({ value }: Body): JsonObject => {
  if (isObject(value)) return value
  throw badRequest(`json: cannot unmarshal ${nameOf(value)} into Go value of type map[string]interface {}`)
}

const nameOf = (value: Json): string => {
  if (Array.isArray(value)) return 'array'
  return value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value
}
