import { HIDDEN } from '../controller/text/mask.ts'

/**
 * Compose quotes the line of an env file that it cannot read, and what is in such a file is often a secret: file and line number stay, the
 * text goes. The file may be one that a service names (`env_file`), of which nobody here knows the contents.
 */
export const withoutEnvLines = (output: string): string =>
  output
    .replace(/(unexpected character ).+( in variable name ).+/g, `$1${HIDDEN}$2${HIDDEN}`)
    .replace(/(unterminated quoted value ).+/g, `$1${HIDDEN}`)
