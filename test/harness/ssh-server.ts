import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createRepository, type GitRepository } from './git-server.ts'
import { waitUntil } from './wait-until.ts'

/** A real OpenSSH server on loopback that lets one key in, as the user who runs the tests. */
export interface SshServer {
  /** `ssh://user@127.0.0.1:PORT`; paths of repositories follow, absolute. */
  readonly url: string
  readonly port: number
  /** The key that is let in, in OpenSSH's format. */
  readonly privateKey: string
  /** Line for `known_hosts`. */
  readonly knownHosts: string
  /** An empty bare repository. */
  create(name: string): GitRepository
  /** The server gets another host key, as if it were set up anew. */
  changeHostKey(): Promise<void>
  close(): Promise<void>
}

const SSHD = '/usr/sbin/sshd'

/** Whether this machine has what it takes; without it tests skip, with `CI=true` this throws. */
export const haveSsh = (): boolean => {
  const have = existsSync(SSHD)
  if (!have && process.env.CI === 'true')
    throw new Error('there is no OpenSSH server: run scripts/setup/git-servers.sh')
  return have
}

export const makeKey = (
  directory: string,
  name: string,
  passphrase = '',
): { privateKey: string; publicKey: string } => {
  const file = join(directory, name)
  rmSync(file, { force: true })
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', name, '-f', file])
  return { privateKey: readFileSync(file, 'utf8'), publicKey: readFileSync(`${file}.pub`, 'utf8').trim() }
}

export async function startSshServer(): Promise<SshServer> {
  const root = mkdtempSync(join(tmpdir(), 'komodo-ssh-'))
  // sshd leaves its rights behind in there; without an init system nobody has made it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const port = await freePort()
  const { privateKey, publicKey } = makeKey(root, 'client')
  writeFileSync(join(root, 'authorized_keys'), `${publicKey}\n`, { mode: 0o600 })
  let hostKey = makeKey(root, 'host').publicKey
  writeFileSync(
    join(root, 'sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(root, 'host')}`,
      'PidFile none',
      `AuthorizedKeysFile ${join(root, 'authorized_keys')}`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'UsePAM no',
      'StrictModes no',
      'MaxStartups 100',
    ].join('\n'),
  )
  const start = async (): Promise<() => Promise<void>> => {
    const daemon = spawn(SSHD, ['-D', '-e', '-f', join(root, 'sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    daemon.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
    const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()))
    await waitUntil('sshd to listen', async () => log.includes('Server listening') || undefined)
    return async () => {
      daemon.kill()
      await ended
    }
  }
  let stop = await start()
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    port,
    privateKey,
    get knownHosts() {
      return `[127.0.0.1]:${port} ${hostKey.split(' ').slice(0, 2).join(' ')}\n`
    },
    create: (name) => {
      const path = join(root, name)
      return createRepository(path, `ssh://${userInfo().username}@127.0.0.1:${port}${path}`)
    },
    changeHostKey: async () => {
      await stop()
      hostKey = makeKey(root, 'host').publicKey
      stop = await start()
    },
    close: async () => {
      await stop()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
