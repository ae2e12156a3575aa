import { stringify } from 'yaml'
import type { ApiResponse } from '../api.ts'
import type { JsonObject } from '../schema/contract.ts'
import { StatusError } from './status.ts'

/** How the answer is to be written. */
export interface Representation {
  media: 'application/json' | 'application/yaml'
  /** Asked for by `as=Table`. */
  as?: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'
  version?: 'v1' | 'v1beta1'
  pretty: boolean
}

const OFFERED = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

interface Range {
  media: string
  parameters: Map<string, string>
  quality: number
}

const parseAccept = (accept: string): Range[] =>
  accept
    .split(',')
    .map((part) => {
      const [media = '', ...pairs] = part.split(';').map((text) => text.trim())
      const parameters = new Map(pairs.map((pair) => [pair.split('=')[0]!, pair.slice(pair.indexOf('=') + 1)] as const))
      return { media, parameters, quality: Number(parameters.get('q') ?? 1) }
    })
    .filter(({ media, quality }) => media !== '' && quality > 0)
    .sort((a, b) => b.quality - a.quality)

const TRANSFORMS = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'])

/**
 * @param custom Custom resources are negotiated for by another part of kube-apiserver, which knows more ranges.
 * @throws StatusError 406 when nothing that the client takes is on offer. Protobuf is named there, as by kube-apiserver,
 * but is what no answer comes in here.
 */
export const negotiate = (accept: string | undefined, query: URLSearchParams, custom = true): Representation => {
  const pretty = ['1', 'true'].includes(query.get('pretty') ?? '')
  if (!accept?.trim()) return { media: 'application/json', pretty }
  const ranges = parseAccept(accept)
  if (!custom && !ranges.some(({ media }) => media === '*/*' || OFFERED.includes(media))) {
    throw new StatusError(
      406,
      'NotAcceptable',
      `406: Not Acceptable\n\nAvailable representations: ${OFFERED.join(', ')}`,
      {},
    )
  }
  for (const { media, parameters } of ranges) {
    const as = parameters.get('as')
    if (as !== undefined) {
      const version = parameters.get('v')
      if (!TRANSFORMS.has(as) || parameters.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1'))
        continue
      if (media === 'application/json' || media === 'application/yaml') {
        return { media, as: as as Representation['as'] & string, version, pretty }
      }
      continue
    }
    if (media === 'application/json' || media === 'application/*' || media === '*/*') {
      return { media: 'application/json', pretty }
    }
    if (media === 'application/yaml') return { media, pretty }
  }
  throw new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${OFFERED.join(', ')}`)
}

/** The text of a value in the media type asked for. */
export const encode = (value: JsonObject, { media, pretty }: Representation): string => {
  if (media === 'application/yaml') return stringify(value, { sortMapEntries: true, lineWidth: 0, version: '1.1' })
  return `${JSON.stringify(value, null, pretty ? 2 : undefined)}\n`
}

/** A refusal as an answer. */
export const answerStatus = (status: JsonObject & { code: number }, warnings: readonly string[] = []): ApiResponse => {
  const { retryAfterSeconds } = (status.details ?? {}) as { retryAfterSeconds?: number }
  const retry = retryAfterSeconds === undefined ? undefined : { 'retry-after': String(retryAfterSeconds) }
  return {
    status: status.code,
    headers: { 'content-type': 'application/json', ...retry, ...warningHeaders(warnings) },
    body: `${JSON.stringify(status)}\n`,
  }
}

export const answer = (
  status: number,
  value: JsonObject,
  representation: Representation,
  warnings: readonly string[] = [],
): ApiResponse => ({
  status,
  headers: { 'content-type': representation.media, ...warningHeaders(warnings) },
  body: encode(value, representation),
})

/** JSON text that is already made, written as it is where the client takes JSON. */
export const answerText = (
  status: number,
  text: string,
  representation: Representation,
  warnings: readonly string[] = [],
): ApiResponse =>
  representation.media === 'application/json' && !representation.pretty
    ? { status, headers: { 'content-type': 'application/json', ...warningHeaders(warnings) }, body: `${text}\n` }
    : answer(status, JSON.parse(text) as JsonObject, representation, warnings)

/** RFC 7234 Warning values, one for each; the listener sends a header for each (see `splitWarnings`). */
const warningHeaders = (warnings: readonly string[]): Record<string, string> =>
  warnings.length > 0 ? { warning: warnings.map((text) => `299 - ${quote(text)}`).join(WARNING_SEPARATOR) } : {}

/** Header values hold no line breaks, so that this can stand between several of one name. */
const WARNING_SEPARATOR = '\n'
export const splitWarnings = (value: string): string[] => value.split(WARNING_SEPARATOR)

const quote = (text: string): string => `"${[...text].filter(printable).join('').replaceAll(/["\\]/g, '\\$&')}"`
const printable = (character: string): boolean => character >= ' ' && character !== '\u007f'
