import type { Call } from '../call.ts'
import { readBody } from '../http/body.ts'
import { isObject } from '../object.ts'
import type { Cause, Json, JsonObject } from '../schema/contract.ts'
import { badRequest, Fault, internal } from '../schema/faults.ts'
import { invalidValue, notSupported } from '../schema/field.ts'
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
    propagationPolicy: query.get('propagationPolicy') || undefined,
    orphanDependents: orphan === null ? undefined : orphan !== 'false' && orphan !== '0',
    dryRun: query.getAll('dryRun').filter((value) => value !== ''),
    preconditions: {},
  }
}

const fromBody = (call: Call): Given => {
  const body = parseOptions(call)
  const { apiVersion, kind } = body
  if (kind !== undefined && kind !== 'DeleteOptions') {
    throw badRequest(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion ?? '')}`)
  }
  const dryRun = body.dryRun ?? []
  const preconditions = isObject(body.preconditions) ? body.preconditions : {}
  const { uid, resourceVersion } = preconditions
  return {
    propagationPolicy: optional(body.propagationPolicy, 'propagationPolicy', 'string'),
    orphanDependents: optional(body.orphanDependents, 'orphanDependents', 'boolean'),
    dryRun: Array.isArray(dryRun) ? dryRun.map(String) : [String(dryRun)],
    preconditions: {
      ...(typeof uid === 'string' && { uid }),
      ...(typeof resourceVersion === 'string' && { resourceVersion }),
    },
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
  if (isObject(value)) return value
  throw internal(
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${typeof value} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
  )
}

interface Types {
  string: string
  boolean: boolean
}
const optional = <T extends keyof Types>(value: Json | undefined, field: string, type: T): Types[T] | undefined => {
  if (value === undefined || value === null) return undefined
  if (typeof value === type) return value as Types[T]
  throw internal(
    `json: cannot unmarshal ${typeof value} into Go struct field DeleteOptions.${field} of type ${type === 'boolean' ? 'bool' : type}`,
  )
}
