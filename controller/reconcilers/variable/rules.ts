import type { VariableSpec } from '../../api/v1alpha1/variable.ts'
import { isVariableName } from '../../text/interpolate.ts'

const LONGEST_VALUE = 10_000
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: all but tab, line feed and carriage return
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/**
 * What is wrong with a variable's name or value and what to do, in words that never show the value; `undefined`: nothing.
 *
 * A secret may have several lines, as keys and certificates do: it comes from a Secret, not from a line of TOML, and where it is put in
 * it stays one value. A plain one may not, as in Komodo.
 */
export function faultOf(
  name: string,
  value: string,
  isSecret: boolean,
): { reason: string; message: string } | undefined {
  if (!isVariableName(name)) {
    return {
      reason: 'InvalidName',
      message: `"${name}" cannot be used as [[${name}]]: a name is 1 to 500 letters, digits and "_", and starts with no digit. Rename it`,
    }
  }
  if (value.length > LONGEST_VALUE) {
    return {
      reason: 'ValueTooLong',
      message: `the value has ${value.length} characters, at most ${LONGEST_VALUE} are allowed: put it in a file`,
    }
  }
  if ((isSecret ? UNPRINTABLE : CONTROL).test(value)) {
    return {
      reason: 'InvalidValue',
      message: isSecret
        ? 'the value contains a control character that no text has: put it into the Secret as text'
        : 'the value contains a control character, such as a line break: use one variable for each line',
    }
  }
  return undefined
}

/** `isSecret` and the fields that may hold the value have to agree, or a secret would sit in the open. */
export function shapeFaultOf({
  isSecret,
  value,
  valueFrom,
}: VariableSpec): { reason: string; message: string } | undefined {
  if (isSecret && value !== '') {
    return {
      reason: 'SecretInTheOpen',
      message:
        'it is a secret, but `value` holds it for everybody to read: put it in a Secret, point `valueFrom` at it, and change the secret',
    }
  }
  if (isSecret && valueFrom === undefined) {
    return { reason: 'NoValue', message: 'it is a secret: point `valueFrom.secretKeyRef` at a key of a Secret' }
  }
  if (!isSecret && valueFrom !== undefined) {
    return { reason: 'AmbiguousValue', message: '`valueFrom` is only for secrets: set `isSecret: true`, or remove it' }
  }
  return undefined
}
