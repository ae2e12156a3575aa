/** Field errors of a 422, in the words of k8s.io/apimachinery `field.Error`. */
import type { Cause } from './contract.ts'
import { formatFloat, marshal, quote } from './go.ts'

/** An answer shows each value that is wrong, some of them twice; nobody reads on after so many characters. */
const MAX_SHOWN = 10_000

const render = (value: unknown): string => {
  const text =
    typeof value === 'string' ? quote(value) : typeof value === 'number' ? formatFloat(value) : marshal(value)
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}...`
}
const withDetail = (text: string, detail: string): string => (detail ? `${text}: ${detail}` : text)
/** The cause of an error at the root of the object. */
const at = (field: string): string => field || '<nil>'

export const required = (field: string, detail = ''): Cause => ({
  reason: 'FieldValueRequired',
  message: withDetail('Required value', detail),
  field: at(field),
})
export const invalidValue = (field: string, value: unknown, detail: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: withDetail(`Invalid value: ${render(value)}`, detail),
  field: at(field),
})
/** The same of a Go struct, whose fields are not sorted. `rendered` is its JSON. */
export const invalidRendered = (field: string, rendered: string, detail: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${rendered}: ${detail}`,
  field,
})
export const typeInvalid = (field: string, value: unknown, detail: string): Cause => ({
  reason: 'FieldValueTypeInvalid',
  message: withDetail(`Invalid value: ${render(value)}`, detail),
  field: at(field),
})
export const notSupported = (field: string, value: unknown, supported: readonly string[]): Cause => ({
  reason: 'FieldValueNotSupported',
  message: withDetail(
    `Unsupported value: ${render(value)}`,
    supported.length ? `supported values: ${supported.map(quote).join(', ')}` : '',
  ),
  field: at(field),
})
export const forbidden = (field: string, detail: string): Cause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${detail}`,
  field: at(field),
})
export const duplicate = (field: string, value: unknown): Cause => ({
  reason: 'FieldValueDuplicate',
  message: `Duplicate value: ${render(value)}`,
  field: at(field),
})
export const tooLong = (field: string, max: number): Cause => ({
  reason: 'FieldValueTooLong',
  message: `Too long: may not be more than ${max} ${max === 1 ? 'byte' : 'bytes'}`,
  field: at(field),
})
export const tooMany = (field: string, actual: number, max: number): Cause => ({
  reason: 'FieldValueTooMany',
  message: `Too many: ${actual}: must have at most ${max} ${max === 1 ? 'item' : 'items'}`,
  field: at(field),
})
