import { HostRejectedError, type KeyValue } from '../controller/hosts/port.ts'

/**
 * The text of an env file from which Compose reads exactly the given values: `$`, quotes, backslashes and line breaks survive
 * (behaviour §8.3, without its loss of `$`). Throws `InvalidArgument` for a name or value that no env file can hold.
 */
export const envFile = (environment: readonly KeyValue[]): string =>
  environment.map(({ key, value }) => `${name(key)}=${quote(value, key)}\n`).join('')

const name = (key: string): string => {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key)) {
    throw new HostRejectedError(
      'InvalidArgument',
      `environment: "${key}" cannot be the name of a variable in an env file: letters, digits, "_", "." and "-" only`,
    )
  }
  return key
}

/**
 * Compose takes single quotes literally, except that a backslash before a quote is an escape; so texts with either of the two go
 * into double quotes, where a backslash escapes what needs it.
 */
const quote = (value: string, key: string): string => {
  if (value.includes('\0')) {
    throw new HostRejectedError('InvalidArgument', `environment: the value of ${key} holds a NUL character`)
  }
  if (!/['\\\r]/.test(value)) return `'${value}'`
  const escaped = value
    .replace(/[\\"$]/g, '\\$&')
    .replace(/\r/g, '\\r')
    .replace(/\n/g, '\\n')
  return `"${escaped}"`
}
