import type { Call } from '../call.ts'
import { jsonTypeOf, readBody } from '../http/body.ts'
import { isObject } from '../object.ts'
import type { Cause, Json, JsonObject } from '../schema/contract.ts'
import { Fault, internal } from '../schema/faults.ts'
import { invalidValue, notSupported } from '../schema/field.ts'
import { own } from '../schema/go.ts'
import { notRegistered } from './decode.ts'
import { dryRunCauses, integerParameter, invalidOptions } from './options.ts'

export interface DeleteOptions {
  dryRun: boolean
  propagationPolicy: 'Orphan' | 'Foreground' | 'Background' | undefined
  preconditions: { uid?: string; resourceVersion?: string }
}

const POLICIES = ['Foreground', 'Background', 'Orphan']

/** From the body, or else from the query: a body makes the query not count. */
export const deleteOptions = (call: Call): DeleteOptions => {
  const given = call.body?.length ? fromBody(call) : fromQuery(call.query)
  const { propagationPolicy, orphanDependents, dryRun } = given
  const causes: Cause[] = []
  if (orphanDependents !== undefined && propagationPolicy !== undefined) {
    causes.push(
      invalidValue(
        'propagationPolicy',
        propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    )
  }
  if (propagationPolicy !== undefined && !POLICIES.includes(propagationPolicy)) {
    causes.push(notSupported('propagationPolicy', propagationPolicy, [...POLICIES, 'nil']))
  }
  causes.push(...dryRunCauses(dryRun))
  if (causes.length > 0) throw invalidOptions('DeleteOptions', causes)
  const orphan = orphanDependents === undefined ? undefined : orphanDependents ? 'Orphan' : 'Background'
  return {
    dryRun: dryRun.length > 0,
    propagationPolicy: (propagationPolicy as DeleteOptions['propagationPolicy']) ?? orphan,
    preconditions: given.preconditions,
  }
}

interface Given {
  propagationPolicy: string | undefined
  orphanDependents: boolean | undefined
  dryRun: string[]
  preconditions: DeleteOptions['preconditions']
}

const fromQuery = (query: URLSearchParams): Given => {
  integerParameter(query, 'gracePeriodSeconds')
  const orphan = query.get('orphanDependents')
  return {
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    orphanDependents: orphan === null ? undefined : orphan !== 'false' && orphan !== '0',
    dryRun: query.getAll('dryRun').filter((value) => value !== ''),
    preconditions: {},
  }
}

/** Whatever does not fit is refused: an option that is not understood may be what would have kept the object. */
const fromBody = (call: Call): Given => {
  const body = parseOptions(call)
  const { apiVersion = '', kind = '' } = body
  if (kind !== '' && kind !== 'DeleteOptions') {
    throw internal(notRegistered(String(kind), String(apiVersion)))
  }
  optional(body, 'gracePeriodSeconds', 'integer')
  const preconditions = optional(body, 'preconditions', 'object') ?? {}
  const uid = optional(preconditions, 'uid', 'string', 'Preconditions.preconditions.uid of type types.UID')
  const resourceVersion = optional(
    preconditions,
    'resourceVersion',
    'string',
    'Preconditions.preconditions.resourceVersion of type string',
  )
  const policy = 'DeleteOptions.propagationPolicy of type v1.DeletionPropagation'
  return {
    propagationPolicy: optional(body, 'propagationPolicy', 'string', policy),
    orphanDependents: optional(body, 'orphanDependents', 'boolean'),
    dryRun: (optional(body, 'dryRun', 'array') ?? []).map((value) => {
      if (typeof value === 'string') return value
      throw mistyped(value, 'DeleteOptions.dryRun of type string')
    }),
    preconditions: { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) },
  }
}

const parseOptions = (call: Call): JsonObject => {
  let value: Json
  try {
    value = readBody(call.body, call.headers['content-type']).value
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 400) throw error
    throw internal(`couldn't get version/kind; json parse error: ${error.message}`)
  }
  if (value === null) return {}
  for (const field of isObject(value) ? ['apiVersion', 'kind'] : []) {
    const part = own(value as JsonObject, field) ?? ''
    if (typeof part !== 'string') {
      throw internal(
        `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeOf(part)} into Go struct field .${field} of type string`,
      )
    }
  }
  if (isObject(value)) return value
  throw internal(
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
  )
}

interface Types {
  string: string
  boolean: boolean
  integer: number
  array: Json[]
  object: JsonObject
}

/** The types as Go names them. */
const GO_TYPES: Readonly<Record<keyof Types, string>> = {
  string: 'string',
  boolean: 'bool',
  integer: 'int64',
  array: '[]string',
  object: 'v1.Preconditions',
}

const fits = (value: Json, type: keyof Types): boolean => {
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'array') return Array.isArray(value)
  return type === 'object' ? isObject(value) : typeof value === type
}

/** @param goField how Go calls the field, where it is not one of DeleteOptions itself or has a type of its own */
const optional = <T extends keyof Types>(
  object: JsonObject,
  field: string,
  type: T,
  goField = `DeleteOptions.${field} of type ${GO_TYPES[type]}`,
): Types[T] | undefined => {
  const value = own(object, field)
  if (value === undefined || value === null) return undefined
  if (fits(value, type)) return value as Types[T]
  throw mistyped(value, goField)
}

const mistyped = (value: Json, goField: string): Fault => {
  const shown = typeof value === 'number' && !Number.isInteger(value) ? `number ${value}` : jsonTypeOf(value)
  return internal(`json: cannot unmarshal ${shown} into Go struct field ${goField}`)
}
