import { invalidObject, type StatusError } from '../http/status.ts'
import type { Cause } from '../schema/contract.ts'
import { badRequest } from '../schema/faults.ts'
import { forbidden, invalidValue, notSupported, required, tooLong } from '../schema/field.ts'

/** The query of a create, update or patch. */
export interface WriteOptions {
  dryRun: boolean
  /** Empty when none was given. */
  fieldManager: string
  fieldValidation: 'Ignore' | 'Warn' | 'Strict'
  force: boolean
}

const FIELD_VALIDATION = ['', 'Ignore', 'Strict', 'Warn']
const MANAGER_MAX_BYTES = 128

export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'

/** @throws StatusError 422 about the options, in the words of meta.k8s.io. */
export const writeOptions = (query: URLSearchParams, kind: OptionsKind, apply = false): WriteOptions => {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '')
  const fieldManager = query.get('fieldManager') ?? ''
  const fieldValidation = query.get('fieldValidation') ?? ''
  const force = query.get('force')
  const causes: Cause[] = []
  if (kind === 'PatchOptions') {
    if (apply && fieldManager === '') causes.push(required('fieldManager', 'is required for apply patch'))
    if (!apply && force !== null) causes.push(forbidden('force', 'may not be specified for non-apply patch'))
  }
  if (Buffer.byteLength(fieldManager) > MANAGER_MAX_BYTES) causes.push(tooLong('fieldManager', MANAGER_MAX_BYTES))
  let position = 0
  for (const rune of fieldManager) {
    if (/[\p{C}\p{Zl}\p{Zp}]|[^\P{Z} ]/u.test(rune)) {
      const code = rune.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
      causes.push(invalidValue('fieldManager', fieldManager, `invalid character U+${code} (at position ${position})`))
    }
    position += Buffer.byteLength(rune)
  }
  causes.push(...dryRunCauses(dryRun))
  if (!FIELD_VALIDATION.includes(fieldValidation)) {
    causes.push(notSupported('fieldValidation', fieldValidation, FIELD_VALIDATION))
  }
  if (causes.length > 0) throw invalidOptions(kind, causes)
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: (fieldValidation || 'Warn') as WriteOptions['fieldValidation'],
    force: force !== null && force !== '0' && force !== 'false',
  }
}

export const dryRunCauses = (dryRun: readonly string[]): Cause[] =>
  dryRun.every((value) => value === 'All') ? [] : [notSupported('dryRun', [...dryRun], ['All'])]

export const invalidOptions = (kind: string, causes: Cause[]): StatusError =>
  invalidObject({ group: 'meta.k8s.io', kind }, '', causes)

/** An integer query parameter. @throws Fault 400 with Go's words. */
export const integerParameter = (query: URLSearchParams, name: string): number | undefined => {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  const value = Number(text)
  if (!Number.isSafeInteger(value))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
  return value
}
