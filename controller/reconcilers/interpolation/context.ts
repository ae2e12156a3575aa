import type { KubeObject } from '../../api/meta.ts'
import { annotation, komodoNameOf } from '../../api/names.ts'
import type { Variable } from '../../api/v1alpha1/variable.ts'
import { WaitingError } from '../../engine/errors.ts'
import type { Lister } from '../../engine/lister.ts'
import { Interpolation, InterpolationError, type Value, variableNames } from '../../text/interpolate.ts'
import { type InterpolatedKind, interpolatedFields } from '../../text/interpolated-fields.ts'
import { NOT_BY_ITSELF_MS } from '../references.ts'
import type { SecretReader } from '../secrets.ts'
import { skipsSecrets, textsOf } from './fields.ts'

/** How deep variables are read: one level more than may be used, so that a circle is seen. */
const DEEPEST_READ = 2

export interface InterpolationDeps {
  variables: Lister<Variable>
  secrets: SecretReader
}

/** What a pass offers here; `Pass` of the engine is one. */
export interface Redacting {
  readonly signal: AbortSignal
  redact(secrets: Iterable<string>): void
}

export interface Made<T> {
  made: T
  /** Values to scrub from whatever the host reports. */
  secrets: readonly string[]
}

/**
 * Whatever `make` makes of an object's texts, with every `[[NAME]]` replaced. Plain Variables are read from the cache, secret ones from
 * the Secrets they point at, anew for each object and pass. Secrets are told to the pass before anything can fail with one in its text.
 *
 * With `skipSecretInterp` the names of secrets stay as they are written, and so do unknown ones, which may be names of secrets
 * elsewhere; plain variables are replaced all the same. Komodo replaces none then, against what the field is called and its
 * documentation says.
 *
 * Otherwise an unknown name is not left in the text, as Komodo does: a container would run with a literal `[[NAME]]` for a password.
 * Throws `WaitingError`; the Variable's appearance wakes the object.
 *
 * @param condition the one that a missing value belongs to
 */
export async function interpolated<T>(
  kind: InterpolatedKind,
  object: Readonly<KubeObject>,
  condition: string,
  pass: Redacting,
  deps: InterpolationDeps,
  make: (values: Interpolation) => T,
): Promise<Made<T>> {
  const skip = skipsSecrets(object.spec)
  const names = textsOf(kind, object.spec).flatMap(variableNames)
  const values = await read(names, object.metadata.namespace, skip, condition, pass.signal, deps)
  const secrets = [...values.values()].flatMap(({ text, secret }) => (secret ? [text] : []))
  pass.redact(secrets)
  const interpolation = new Interpolation((name) => values.get(name), interpolatedFields[kind])
  const where = placeOf(kind, object)
  try {
    const made = make(interpolation)
    if (!skip) requireAllKnown(interpolation, where, condition)
    return { made, secrets }
  } catch (error) {
    if (error instanceof InterpolationError) {
      throw new WaitingError(condition, 'InvalidVariable', `${where}: ${error.message}`, NOT_BY_ITSELF_MS)
    }
    // A text may be unreadable for want of a variable, which then is what has to be said.
    if (!skip) requireAllKnown(interpolation, where, condition)
    throw error
  }
}

async function read(
  names: Iterable<string>,
  namespace: string | undefined,
  skipSecrets: boolean,
  condition: string,
  signal: AbortSignal,
  { variables, secrets }: InterpolationDeps,
): Promise<ReadonlyMap<string, Value>> {
  const values = new Map<string, Value>()
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
  // Level by level, each variable once: of a thousand that all name each other there are a billion ways.
  let level = new Set(names)
  for (let depth = 0; depth <= DEEPEST_READ && level.size > 0; depth++) {
    const nested = new Set<string>()
    for (const name of level) {
      const variable = variables.find(namespace, name)
      // By its very name, and by no other: RUNNERS is `runners` in Kubernetes, and `[[runners]]` a table of TOML.
      if (
        variable === undefined ||
        komodoNameOf(variable) !== name ||
        values.has(name) ||
        (variable.spec.isSecret && skipSecrets)
      )
        continue
      const { isSecret: secret, value } = variable.spec
      values.set(name, { text: secret ? await secretValue(name, variable) : value, secret })
      if (!secret) for (const inner of variableNames(value)) nested.add(inner)
    }
    level = nested
  }
  return values
}

function requireAllKnown({ unknown }: Interpolation, where: string, condition: string): void {
  const [first] = unknown
  if (first === undefined) return
  const [name, field] = first
  const others = [...unknown].slice(1, 4).map(([other, at]) => `[[${other}]] in \`${at}\``)
  const more = unknown.size > 4 ? ` and ${unknown.size - 4} more` : ''
  const rest = others.length === 0 ? '' : `; also missing: ${others.join(', ')}${more}`
  throw new WaitingError(
    condition,
    'VariableNotFound',
    `\`${field}\` of ${where} uses [[${name}]], but there is no Variable of that name: declare it, or write [[[${name}]]] to mean the text itself${rest}`,
    NOT_BY_ITSELF_MS,
  )
}

/** `Stack "web" (stacks/web.toml:12)` */
function placeOf(kind: string, object: Readonly<KubeObject>): string {
  const source = object.metadata.annotations?.[annotation.source]
  return `${kind} "${komodoNameOf(object)}"${source === undefined ? '' : ` (${source})`}`
}
