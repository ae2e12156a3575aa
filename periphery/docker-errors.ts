import { HostRejectedError, HostUnreachableError } from '../controller/hosts/port.ts'

/** Reasons that users see in conditions, found by what Docker and Compose say. The first match wins. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/no space left on device|disk quota exceeded/i, 'NoSpace'],
  [/port is already allocated|address already in use|ports are not available/i, 'PortInUse'],
  [/is already in use by container|container name .* is already in use/i, 'NameTaken'],
  [
    /pull access denied|manifest (for .* )?(not found|unknown)|repository .* not found|requested access to the resource is denied|unauthorized|no basic auth credentials|failed to resolve reference|no matching manifest|error pulling image|no such image|invalid reference format/i,
    'ImagePullFailed',
  ],
  [/network .* not found|network .* declared as external/i, 'NetworkNotFound'],
  [/mount path must be absolute|invalid mount|bind source path does not exist|invalid volume spec/i, 'InvalidVolume'],
  [/executable file not found|no such file or directory: unknown|permission denied: unknown/i, 'CommandNotFound'],
]

/** The reason for a message of Docker's or Compose's; `otherwise` when it is none of the known ones. */
export const reasonOf = (message: string, otherwise: string): string =>
  reasons.find(([pattern]) => pattern.test(message))?.[1] ?? otherwise

/** Did the CLI say that no engine answers? */
export const saysUnreachable = (message: string): boolean =>
  /cannot connect to the docker daemon|is the docker daemon running|error during connect|read unix .*connection reset by peer|^(error: )?(unexpected )?EOF$/im.test(
    message,
  )

/** Did the CLI say that it knows no `compose`? Without the plugin it takes the first flag for its own. */
export const saysNoCompose = (message: string): boolean =>
  /'compose' is not a docker command|^unknown shorthand flag: 'p' in -p$/m.test(message)

export const noCompose = 'Docker Compose v2 is not installed on this host: install the Compose plugin of the Docker CLI'

/** ` a Pulling`, ` Container web-1  Starting`: what Compose does, not what went wrong. */
const progress = /^(Container|Network|Volume|Image)\s+\S+\s+[A-Z][a-z]+$|^\S+ (Pulling|Pulled|Waiting|Skipped\b.*)$/

/** What people need to read of a failed command: its last lines, without progress and without what is said twice. */
export const composeCause = (output: string): string => {
  const lines = withoutEndpoint(output)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const last = lines.at(-1) ?? ''
  const telling = lines.filter((line, at) => {
    const said = /^\S+ Error (.+)$/.exec(line)?.[1]
    return !progress.test(line) && (at === lines.length - 1 || said === undefined || !last.includes(said))
  })
  return (telling.length > 0 ? telling : lines).slice(-5).join('\n').slice(-1000)
}

/** What an HTTP client of the engine throws. */
interface EngineFailure {
  statusCode?: number
  json?: unknown
  reason?: string
  code?: string
  message?: string
}

const unreachableCodes = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'EACCES',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** The status code of an engine's refusal, `undefined` for other errors. */
export const statusOf = (error: unknown): number | undefined => (error as EngineFailure | undefined)?.statusCode

/**
 * Without what Docker puts before the cause of a network failure: it holds a random id, so that the same failure would read anew (and be
 * a new event) at each attempt.
 */
export const withoutEndpoint = (message: string): string =>
  message.replace(/driver failed programming external connectivity on endpoint \S+ \([0-9a-f]+\): /g, '')

/** What the engine said, without dockerode's decoration. */
export const engineMessage = (error: unknown): string => {
  const { json, message } = error as EngineFailure
  if (typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string') {
    return withoutEndpoint(json.message)
  }
  return message?.replace(/^\(HTTP code \d+\) [a-z ]+ - /, '') ?? String(error)
}

/**
 * Turns whatever dockerode threw into the two errors of the port. `what` says what was tried ("start container web"), `address` whom.
 */
export const toHostError = (error: unknown, what: string, address: string): Error => {
  if (error instanceof HostRejectedError || error instanceof HostUnreachableError) return error
  const { code, statusCode } = error as EngineFailure
  if (statusCode === undefined) {
    const denied = code === 'EACCES' ? ': this user may not open the socket' : ''
    if (code !== undefined && unreachableCodes.has(code)) {
      return new HostUnreachableError(
        `no Docker Engine answers at ${address} (${code}${denied}) to ${what}: check that Docker runs there`,
        { cause: error },
      )
    }
    return new HostUnreachableError(`could not ${what} at ${address}: ${engineMessage(error)}`, { cause: error })
  }
  const message = engineMessage(error)
  // 503: the engine is starting or stopping.
  if (statusCode === 503) return new HostUnreachableError(`Docker at ${address} is not ready: ${message}`)
  const otherwise = statusCode === 400 ? 'InvalidArgument' : statusCode === 409 ? 'Conflict' : 'DockerRefused'
  return new HostRejectedError(reasonOf(message, otherwise), `could not ${what}: ${message}`, { cause: error })
}
