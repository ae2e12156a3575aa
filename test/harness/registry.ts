import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort, startDaemon } from './process.ts'
import { waitUntil } from './wait-until.ts'

/** A real registry on loopback that wants a login. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`; Docker accepts such an address without TLS. */
  readonly address: string
  readonly username: string
  readonly password: string
}

/** Starts one, empty. `undefined` when `scripts/setup/registry.sh` did not bring it; with `CI=true` an error. */
export const startRegistry = async (password: string): Promise<TestRegistry | undefined> => {
  const program = ['/usr/bin/docker-registry', '/usr/local/bin/docker-registry'].find((candidate) =>
    existsSync(candidate),
  )
  if (program === undefined) {
    if (process.env.CI === 'true') throw new Error('no docker-registry: run scripts/setup/registry.sh first')
    return undefined
  }
  const directory = mkdtempSync(path.join(tmpdir(), 'kop-registry-'))
  const address = `127.0.0.1:${await freePort()}`
  const username = 'ci'
  writeFileSync(path.join(directory, 'htpasswd'), `${username}:${bcrypt(password)}\n`)
  const config = {
    version: '0.1',
    log: { level: 'warn' },
    storage: { filesystem: { rootdirectory: path.join(directory, 'data') }, delete: { enabled: true } },
    http: { addr: address },
    auth: { htpasswd: { realm: 'test', path: path.join(directory, 'htpasswd') } },
  }
  // JSON is YAML.
  writeFileSync(path.join(directory, 'config.yml'), JSON.stringify(config))
  const argv = [program, 'serve', path.join(directory, 'config.yml')] as const
  const daemon = startDaemon('docker-registry', argv, path.join(directory, 'log'))
  await waitUntil(
    'the registry',
    () =>
      fetch(`http://${address}/v2/`).then(
        () => true,
        () => undefined,
      ),
    { daemon },
  )
  return {
    address,
    username,
    password,
    async [Symbol.asyncDispose]() {
      await daemon.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The registry takes bcrypt only; Perl's `crypt` knows it on every Debian. The password goes over standard input. */
const bcrypt = (password: string): string =>
  execFileSync('/usr/bin/perl', ['-e', 'print crypt(do { local $/; <STDIN> }, q($2y$05$abcdefghijklmnopqrstu.))'], {
    input: password,
    encoding: 'utf8',
  })
