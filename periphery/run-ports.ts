import { FlagValueError } from './run-values.ts'

/** One published port: `80/tcp` in the container, where on the host. */
export interface PortBinding {
  port: string
  hostIp: string
  /** Empty: Docker chooses. May be a range (`8000-8010`) to choose from. */
  hostPort: string
}

/** `[address:][host port or range:]port or range[/protocol]`, as `docker run -p` takes it. */
export const publish = (value: string): PortBinding[] => {
  const match = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):)?(?:([\d-]*):)?([\d-]+)(?:\/(\w+))?$/.exec(normalise(value))
  if (!match) throw wrong(value)
  const [, ip6, ip4, host = '', container = '', protocol = 'tcp'] = match
  if (!/^(tcp|udp|sctp)$/.test(protocol))
    throw new FlagValueError(`"${value}": protocol ${protocol} is none of tcp, udp, sctp`)
  const inside = range(container, value)
  const outside = host === '' ? undefined : range(host, value)
  const hostIp = ip6 ?? ip4 ?? ''
  if (outside && inside.length === 1 && outside.length > 1) {
    return [{ port: `${inside[0]}/${protocol}`, hostIp, hostPort: host }]
  }
  if (outside && outside.length !== inside.length) {
    throw new FlagValueError(`"${value}": the two ranges of ports have different lengths`)
  }
  return inside.map((port, i) => ({ port: `${port}/${protocol}`, hostIp, hostPort: String(outside?.[i] ?? '') }))
}

/** `80`, `80/udp`, `8000-8010`. */
export const expose = (value: string): string[] => publish(value).map(({ port }) => port)

/** With one colon, what stands before it is a port, not an address. */
const normalise = (value: string): string => (/^[\d-]*:[\d-]+(\/\w+)?$/.test(value) ? `:${value}` : value)

const range = (text: string, value: string): number[] => {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  if (!match) throw wrong(value)
  const first = Number(match[1])
  const last = Number(match[2] ?? match[1])
  if (first < 1 || last > 65_535 || last < first) throw new FlagValueError(`"${value}": ports go from 1 to 65535`)
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

const wrong = (value: string): FlagValueError =>
  new FlagValueError(`"${value}" is no port: expected [address:]8080:80[/udp]`)
