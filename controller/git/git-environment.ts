import { join } from 'node:path'
import { addressOf, type GitRemote } from './remote.ts'

/** What git and ssh find in their environment and in files of ours; all that they know of a login. */

/** The variables that concern git of a process' environment; everything else stays out. */
export function gitEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const wanted = /^(PATH|https?_proxy|no_proxy|all_proxy|GIT_SSL_CAINFO|SSL_CERT_FILE|SSL_CERT_DIR|TMPDIR)$/i
  return Object.fromEntries(
    Object.entries(environment).flatMap(([key, value]) =>
      wanted.test(key) && value !== undefined ? [[key, value]] : [],
    ),
  )
}

// No protocol but the ones the environment allows, no hooks, no helpers that keep credentials, no clean-up at random moments.
// Large files pass through git in pieces, and packing takes little memory on any machine: there is a limit to it.
const config = `[core]
  hooksPath = /dev/null
  fsmonitor = false
  bigFileThreshold = 16m
[pack]
  threads = 2
  windowMemory = 32m
[credential]
  helper =
[gc]
  auto = 0
[maintenance]
  auto = false
[http]
  followRedirects = initial
  lowSpeedLimit = 1000
  lowSpeedTime = 30
[safe]
  directory = *
`

// git asks "Username for 'https://host': " and "Password for 'https://user@host': ". A redirect to another host gets no answer. The
// end of the question counts: a redirect chooses the name of the user, and git before 2.48.1 shows it as it is, quotes and all.
const askpass = `#!/bin/sh
case "$1" in
  "Username for '$KOMODO_GIT_SCHEME//$KOMODO_GIT_HOST': ") printf '%s\\n' "$KOMODO_GIT_USERNAME" ;;
  "Password for '$KOMODO_GIT_SCHEME//"*"@$KOMODO_GIT_HOST': ") printf '%s\\n' "$KOMODO_GIT_PASSWORD" ;;
  *) exit 1 ;;
esac
`

/** Files of git's home, none of them secret, and their modes. */
export const homeFiles: readonly { name: string; contents: string; mode: number }[] = [
  { name: 'config', contents: config, mode: 0o600 },
  { name: 'askpass', contents: askpass, mode: 0o700 },
]

/** Nobody's configuration but ours, no questions, no protocol but that of the remote. */
export function environmentOf(
  home: string,
  environment: Readonly<Record<string, string>>,
  remote?: GitRemote,
): Record<string, string> {
  const transport = remote && addressOf(remote.url)?.transport
  return {
    ...environment,
    HOME: home,
    XDG_CONFIG_HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: join(home, 'config'),
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: transport === 'http' || transport === 'https' ? 'http:https' : (transport ?? 'none'),
    GIT_OPTIONAL_LOCKS: '0',
  }
}

/** What of a login git must have as files, by name; contents are secret. */
export function filesFor({ url, credentials }: GitRemote): Record<string, string> {
  const transport = addressOf(url)?.transport
  const { ssh, ca, client } = credentials ?? {}
  if (transport === 'ssh') return ssh === undefined ? {} : { identity: ssh.privateKey, known_hosts: ssh.knownHosts }
  if (transport !== 'https') return {}
  return {
    ...(ca !== undefined && { 'ca.crt': ca }),
    ...(client !== undefined && { 'tls.crt': client.certificate, 'tls.key': client.key }),
  }
}

/** How git uses a login. `directory` holds `filesFor` it. */
export function loginEnvironment(home: string, remote: GitRemote, directory: string): Record<string, string> {
  const { credentials, url } = remote
  const address = addressOf(url)
  const parsed = URL.parse(url)
  if (credentials === undefined || address === undefined || address.transport === 'file') return {}
  if (address.transport === 'ssh') {
    return { GIT_SSH_VARIANT: 'ssh', GIT_SSH_COMMAND: sshCommand(directory, address.user ?? credentials.ssh?.user) }
  }
  const { basic, bearer, ca, client } = credentials
  const isHttps = address.transport === 'https'
  return {
    ...(basic !== undefined && {
      GIT_ASKPASS: join(home, 'askpass'),
      KOMODO_GIT_SCHEME: parsed?.protocol ?? '',
      KOMODO_GIT_HOST: address.host,
      KOMODO_GIT_USERNAME: basic.username,
      KOMODO_GIT_PASSWORD: basic.password,
    }),
    // A header goes wherever a redirect leads, so none is followed.
    ...(bearer !== undefined && {
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Bearer ${bearer}`,
      GIT_CONFIG_KEY_1: 'http.followRedirects',
      GIT_CONFIG_VALUE_1: 'false',
    }),
    ...(isHttps && ca !== undefined && { GIT_SSL_CAINFO: join(directory, 'ca.crt') }),
    ...(isHttps &&
      client !== undefined && { GIT_SSL_CERT: join(directory, 'tls.crt'), GIT_SSL_KEY: join(directory, 'tls.key') }),
  }
}

/** This key and these hosts, and nothing that the machine or its users have: no configuration, agent, other key or trusted host. */
function sshCommand(directory: string, user: string | undefined): string {
  const options = [
    `IdentityFile=${sshPath(join(directory, 'identity'))}`,
    `UserKnownHostsFile=${sshPath(join(directory, 'known_hosts'))}`,
    'GlobalKnownHostsFile=/dev/null',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'BatchMode=yes',
    'PreferredAuthentications=publickey',
    'ClearAllForwardings=yes',
    'ForwardAgent=no',
    'PermitLocalCommand=no',
    'ConnectTimeout=20',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=2',
    'LogLevel=ERROR',
    ...(user === undefined ? [] : [`User=${user}`]),
  ]
  return ['ssh', '-F', '/dev/null', ...options.flatMap((option) => ['-o', shellWord(option)])].join(' ')
}

/** In an option of ssh: white space ends a path, and `%` begins a word of its own. */
const sshPath = (path: string): string => `"${path.replaceAll('%', '%%')}"`

const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
