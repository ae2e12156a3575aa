import type { Variable } from '../../api/v1alpha1/variable.ts'
import { WaitingError } from '../../engine/errors.ts'
import type { Lister } from '../../engine/lister.ts'
import { type Interpolation, type Lookup, type Value, variableNames } from '../../text/interpolate.ts'
import { NOT_BY_ITSELF_MS } from '../references.ts'
import type { SecretReader } from '../secrets.ts'

/**
 * Values for the `[[NAME]]`s of one object, read before its texts are interpolated: plain Variables from the cache, secret ones
 * from the Secrets they point at. Each object gets a look-up of its own: nothing is kept between objects or passes.
 */
export async function lookupFor(
  names: Iterable<string>,
  { namespace, condition, variables, secrets, signal }: LookupSource,
): Promise<LoadedValues> {
  const values = new Map<string, Value>()
  const read = async (name: string, depth: number): Promise<void> => {
    if (values.has(name)) return
    const variable = variables.find(namespace, name)
    if (variable === undefined) return
    if (!variable.spec.isSecret) {
      values.set(name, { text: variable.spec.value, secret: false })
      if (depth === 0) for (const nested of variableNames(variable.spec.value)) await read(nested, 1)
      return
    }
    values.set(name, { text: await secretValue(name, variable), secret: true })
  }
  const secretValue = async (name: string, variable: Readonly<Variable>): Promise<string> => {
    const reference = variable.spec.valueFrom?.secretKeyRef
    if (reference === undefined) {
      throw new WaitingError(
        condition,
        'VariableNotReady',
        `Variable "${name}" is a secret without \`valueFrom\`: point it at a key of a Secret`,
        NOT_BY_ITSELF_MS,
      )
    }
    const value = (await secrets.read(namespace ?? '', reference.name, signal))?.get(reference.key)
    if (value === undefined) {
      throw new WaitingError(
        condition,
        'SecretNotFound',
        `Variable "${name}" takes its value from key "${reference.key}" of Secret "${reference.name}", which is not there: create it`,
        60_000,
      )
    }
    return value
  }

  for (const name of names) await read(name, 0)
  return {
    lookup: (name) => values.get(name),
    secrets: [...values.values()].flatMap(({ text, secret }) => (secret ? [text] : [])),
  }
}

export interface LoadedValues {
  lookup: Lookup
  /** Values to scrub from whatever is reported from now on. */
  secrets: readonly string[]
}

export interface LookupSource {
  namespace: string | undefined
  /** Condition that a missing value belongs to. */
  condition: string
  variables: Lister<Variable>
  secrets: SecretReader
  signal: AbortSignal
}

/**
 * An unknown name is not left in the text, as Komodo does: a container would run with a literal `[[NAME]]` for a password. Throws
 * `WaitingError`; the Variable's appearance wakes the object.
 */
export function requireAllKnown(interpolation: Interpolation, condition: string): void {
  const [first] = interpolation.unknown
  if (first === undefined) return
  const [name, field] = first
  const others = interpolation.unknown.size - 1
  throw new WaitingError(
    condition,
    'VariableNotFound',
    `\`${field}\` uses [[${name}]]${others > 0 ? ` (and ${others} more)` : ''}, but there is no Variable of that name: declare it, or write [[[${name}]]] to mean the text itself`,
    NOT_BY_ITSELF_MS,
  )
}
