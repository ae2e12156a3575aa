import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Docker from 'dockerode'
import { HostUnreachableError } from '../controller/hosts/port.ts'

/** How to reach the Docker Engine of this host. */
export interface DockerConnection {
  docker: Docker
  /** For messages and for `DOCKER_HOST` of the CLI, for example `unix:///var/run/docker.sock`. */
  address: string
}

const defaultAddress = 'unix:///var/run/docker.sock'

/**
 * The connection that `DOCKER_HOST` (with `DOCKER_CERT_PATH` and `DOCKER_TLS_VERIFY`) describes, or the default socket. Throws
 * `HostUnreachableError` that names the value when it cannot be understood; nothing is connected yet.
 */
export const dockerConnection = (environment: Readonly<Record<string, string | undefined>>): DockerConnection => {
  const address = environment.DOCKER_HOST || defaultAddress
  const refuse = () =>
    new HostUnreachableError(
      `DOCKER_HOST=${address} is not understood: use unix:///path/to/docker.sock or tcp://host:port`,
    )
  if (!URL.canParse(address)) throw refuse()
  const url = new URL(address)
  if (url.protocol === 'unix:') return { docker: new Docker({ socketPath: url.pathname }), address }
  if (url.protocol !== 'tcp:' && url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse()
  const certificates = environment.DOCKER_CERT_PATH
  const tls = url.protocol === 'https:' || Boolean(environment.DOCKER_TLS_VERIFY)
  const read = (name: string) => readFileSync(join(certificates!, name))
  return {
    docker: new Docker({
      host: url.hostname,
      port: url.port || (tls ? '2376' : '2375'),
      protocol: tls ? 'https' : 'http',
      ...(tls && certificates && { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') }),
    }),
    address,
  }
}
