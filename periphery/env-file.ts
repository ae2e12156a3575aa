import { HostRejectedError, type KeyValue } from '../controller/hosts/port.ts'

/**
 * The env file of a Stack, as Komodo writes it (behaviour §8.3): `KEY=value`, quotes and `$` as they are written, so that Compose reads
 * them by its own rules. Files in use rely on that (`$$` for a dollar sign, `${OTHER}` for another variable).
 *
 * Only a value with a line break, which can come from a secret alone, is put into quotes: it must not become another line.
 * Throws `InvalidArgument` for a name or value that no env file can hold.
 */
export const envFile = (environment: readonly KeyValue[]): string =>
  environment.map(({ key, value }) => `${name(key)}=${oneLine(value, key)}\n`).join('')

const name = (key: string): string => {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key)) {
    throw new HostRejectedError(
      'InvalidArgument',
      `environment: "${key}" cannot be the name of a variable in an env file: letters, digits, "_", "." and "-" only`,
    )
  }
  return key
}

const oneLine = (value: string, key: string): string => {
  if (value.includes('\0')) {
    throw new HostRejectedError('InvalidArgument', `environment: the value of ${key} holds a NUL character`)
  }
  if (!/[\r\n]/.test(value)) return value
  const escaped = value
    .replace(/[\\"$]/g, '\\$&')
    .replace(/\r/g, '\\r')
    .replace(/\n/g, '\\n')
  return `"${escaped}"`
}
