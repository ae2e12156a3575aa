/** Values of `docker run` flags as the CLI understands them. Each parser throws `FlagValueError` with what would be right. */

export class FlagValueError extends Error {
  override readonly name = 'FlagValueError'
}

const wanted = (value: string, expected: string): FlagValueError =>
  new FlagValueError(`"${value}" is not understood: expected ${expected}`)

const units: Readonly<Record<string, number>> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 }

/** `512m`, `1.5g`, `64KiB`, plain bytes. */
export const bytes = (value: string): number => {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgtp]?)(?:i?b)?$/i.exec(value)
  if (!match) throw wanted(value, 'a size such as 512m or 1g')
  return Math.floor(Number(match[1]) * units[match[2]!.toLowerCase() || 'b']!)
}

/** Like `bytes`, and -1 for "no limit". */
export const bytesOrUnlimited = (value: string): number => (value === '-1' ? -1 : bytes(value))

export const integer = (value: string): number => {
  if (!/^-?\d{1,15}$/.test(value)) throw wanted(value, 'a whole number')
  return Number(value)
}

/** `1.5` processors in billionths. */
export const nanoCpus = (value: string): number => {
  if (!/^\d+(\.\d{1,9})?$|^\.\d{1,9}$/.test(value)) throw wanted(value, 'a number of processors such as 1.5')
  return Math.round(Number(value) * 1e9)
}

const timeUnits: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

/** Go's durations (`1m30s`, `500ms`) in nanoseconds. */
export const nanoseconds = (value: string): number => {
  if (value === '0') return 0
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(value)) throw wanted(value, 'a duration such as 30s or 1m30s')
  let sum = 0
  for (const [, number, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(number) * timeUnits[unit!]!
  }
  return Math.round(sum)
}

/** `key=value`; the value may hold more `=`. */
export const pair = (value: string): [string, string] => {
  const at = value.indexOf('=')
  if (at <= 0) throw wanted(value, 'key=value')
  return [value.slice(0, at), value.slice(at + 1)]
}

/** `key=value` or `key` alone, which means an empty value. */
export const pairOrKey = (value: string): [string, string] => (value.includes('=') ? pair(value) : [value, ''])

export const bool = (value: string): boolean => {
  if (/^(true|1|t)$/i.test(value)) return true
  if (/^(false|0|f)$/i.test(value)) return false
  throw wanted(value, 'true or false')
}

/** `nofile=1024:2048`, `nproc=64`. */
export const ulimit = (value: string): { Name: string; Soft: number; Hard: number } => {
  const [name, limits] = pair(value)
  const [soft = '', hard = soft] = limits.split(':')
  return { Name: name, Soft: integer(soft), Hard: integer(hard) }
}

/** `/dev/sda[:/dev/xvda[:rwm]]`. */
export const device = (value: string): { PathOnHost: string; PathInContainer: string; CgroupPermissions: string } => {
  const [onHost = '', ...rest] = value.split(':')
  const isMode = (text: string | undefined) => text !== undefined && /^[rwm]{1,3}$/.test(text)
  const permissions = isMode(rest.at(-1)) ? rest.pop()! : 'rwm'
  if (!onHost.startsWith('/') || rest.length > 1) throw wanted(value, '/dev/on-host[:/dev/in-container[:rwm]]')
  return { PathOnHost: onHost, PathInContainer: rest[0] ?? onHost, CgroupPermissions: permissions }
}

/** `/dev/sda:1mb` or `/dev/sda:100`. */
export const deviceRate = (value: string): { Path: string; Rate: number } => {
  const at = value.lastIndexOf(':')
  if (at <= 0) throw wanted(value, '/dev/path:rate')
  return { Path: value.slice(0, at), Rate: bytes(value.slice(at + 1)) }
}

export const deviceWeight = (value: string): { Path: string; Weight: number } => {
  const at = value.lastIndexOf(':')
  if (at <= 0) throw wanted(value, '/dev/path:weight')
  return { Path: value.slice(0, at), Weight: integer(value.slice(at + 1)) }
}

interface DeviceRequest {
  Driver: string
  Count: number
  DeviceIDs?: string[]
  Capabilities: string[][]
  Options: Record<string, string>
}

/** `all`, `2`, `device=0`, `"device=0,1",capabilities=utility`. */
export const gpus = (value: string): DeviceRequest => {
  const request: DeviceRequest = { Driver: '', Count: 0, Capabilities: [['gpu']], Options: {} }
  for (const field of commaFields(value)) {
    const [key, text] = field.includes('=') ? pair(field) : ['count', field]
    if (key === 'count') request.Count = text === 'all' ? -1 : integer(text)
    else if (key === 'driver') request.Driver = text
    else if (key === 'device') request.DeviceIDs = text.split(',')
    else if (key === 'capabilities') request.Capabilities = [[...new Set(['gpu', ...text.split(',')])]]
    else if (key === 'options') request.Options = Object.fromEntries(text.split(',').map(pair))
    else throw wanted(value, 'all, a number, or device=..., capabilities=...')
  }
  if (!request.DeviceIDs && request.Count === 0) request.Count = -1
  return request
}

/** Fields of one line of CSV, as `--mount` and `--gpus` are written: a field that holds commas is put in double quotes. */
export const commaFields = (value: string): string[] => {
  const fields: string[] = []
  let field = ''
  let quoted = false
  for (const char of value) {
    if (char === '"') quoted = !quoted
    else if (char === ',' && !quoted) {
      fields.push(field)
      field = ''
    } else field += char
  }
  if (quoted) throw wanted(value, 'closed double quotes')
  return [...fields, field]
}
