import { howToKnow, secretsOf } from './credentials.ts'
import { SourceError, type SourceFailure } from './errors.ts'
import { formatBytes, GIT_MEMORY_BYTES } from './limits.ts'
import { type GitRemote, placeOf } from './remote.ts'

type Rule = [pattern: RegExp, reason: SourceFailure, message: (remote: GitRemote) => string]

const where = ({ url }: GitRemote): string => url.replace(/\/$/, '')

/** What git says, in the order in which it must be asked. Texts are those of git 2.30 to 2.5x with `LC_ALL=C`. */
const rules: readonly Rule[] = [
  [
    /out of memory|cannot allocate memory/i,
    'TooLarge',
    (remote) =>
      `${where(remote)} takes git more than ${formatBytes(GIT_MEMORY_BYTES)} of memory; point it at a smaller repository`,
  ],
  [
    /exec: .*git: not found|spawn (git|sh) ENOENT/,
    'GitFailed',
    () => 'git is not installed on the machine of the controller; install it',
  ],
  [
    /ssh: (command )?not found|cannot run ssh|exec: "?ssh/i,
    'GitFailed',
    () => 'ssh is not installed on the machine of the controller; install the client of OpenSSH',
  ],
  [
    /remote host identification has changed|offending .* key/i,
    'HostKeyChanged',
    ({ url }) =>
      `${placeOf(url)} shows another key than \`known_hosts\` has for it: it was set up anew, or somebody else answers; find out, and only then ${howToKnow(url)}`,
  ],
  [
    /host key verification failed|host key is known for/i,
    'HostKeyUnknown',
    ({ url }) => `\`known_hosts\` of the Secret has no key for ${placeOf(url)}; ${howToKnow(url)}`,
  ],
  [
    /load key .*(incorrect passphrase|invalid format|error in libcrypto|bad passphrase)/i,
    'AuthFailed',
    () => 'the key in the Secret cannot be read; it must be a private key of OpenSSH or PEM, without a passphrase',
  ],
  [
    /could not resolve host/i,
    'HostNotFound',
    ({ url }) => `the host ${placeOf(url)} is not known; check the name, and the DNS of the controller's machine`,
  ],
  [
    /ssl|certificate|gnutls|tls handshake/i,
    'TlsFailed',
    ({ url }) =>
      `the certificate of ${placeOf(url)} is not trusted; if it is signed by an authority of your own, put that into \`ca.crt\` of the Secret with the login`,
  ],
  [/operation too slow|timed? ?out/i, 'Timeout', ({ url }) => `${placeOf(url)} did not answer in time`],
  [
    /failed to connect|couldn't connect|connection (refused|reset)|network is unreachable|no route to host|empty reply|returned error: 5\d\d|early eof|hung up/i,
    'ConnectionFailed',
    ({ url }) => `${placeOf(url)} cannot be reached`,
  ],
  [
    /could not read username|could not read password|unable to read askpass|terminal prompts disabled/i,
    'AuthFailed',
    (remote) =>
      remote.credentials?.basic !== undefined
        ? `${placeOf(remote.url)} asked for the login of another host; check the URL of the repository`
        : remote.credentials?.bearer !== undefined
          ? `${where(remote)} refuses the login with a bearer token; check the token and what it may read, or whether the host wants it as \`token\``
          : `${where(remote)} asks for a login (or does not exist); name a Secret with one in operator.credentials, or set gitAccount`,
  ],
  [
    /permission denied \(|too many authentication failures/i,
    'AuthFailed',
    (remote) =>
      `${where(remote)} refuses the key; add its public half to the host (as a deploy key), with the right to read`,
  ],
  [
    /unable to update url base from redirection|returned error: 30[1278]/i,
    'Redirected',
    (remote) => `${where(remote)} is somewhere else now, and a bearer token follows no redirect; correct the URL`,
  ],
  [
    /authentication failed|returned error: 40[13]|invalid (username|credentials)|access denied|permission denied/i,
    'AuthFailed',
    (remote) =>
      remote.credentials === undefined
        ? `${where(remote)} refuses access without a login; name a Secret with one in operator.credentials, or set gitAccount`
        : `${where(remote)} refuses the login${nameOf(remote)}; check the token and what it may read`,
  ],
  [
    /repository .*not found|returned error: 404|does not appear to be a git repository|repository .*does not exist|no such file or directory/i,
    'RepositoryNotFound',
    (remote) =>
      `there is no repository at ${where(remote)}; check the URL${remote.credentials ? ', and that the login may see it' : ''}`,
  ],
  [/couldn't find remote ref/i, 'BranchNotFound', (remote) => branchNotFound(remote)],
  [
    /not our ref|unadvertised object|unknown revision|needed a single revision|bad revision/i,
    'CommitNotFound',
    (remote) => commitNotFound(remote),
  ],
  [
    /transport '.*' not allowed|protocol .* not supported/i,
    'Refused',
    (remote) => `${where(remote)} leads to a protocol that is not allowed`,
  ],
  [/no space left/i, 'GitFailed', () => 'the disk of the controller is full'],
]

const nameOf = ({ credentials }: GitRemote): string =>
  credentials?.basic === undefined ? '' : ` of ${credentials.basic.username}`

/** `main`: what a clone would get. */
export const branchNotFound = (remote: GitRemote, main?: string): string =>
  `${where(remote)} has no branch "${remote.branch}"; it was removed or renamed, or is misspelt${main === undefined ? '' : ` (its default branch is "${main}")`}`

export const commitNotFound = (remote: GitRemote): string =>
  `${where(remote)} has no commit ${remote.commit} (any more); check the hash${remote.branch === '' ? '' : `, and that it is on the branch "${remote.branch}"`}`

/** Turns what git said into an error for people. What git printed is kept at its end, without credentials. */
export function classify(output: string, remote: GitRemote): SourceError {
  const said = scrub(lastWords(output), remote).slice(0, 500)
  for (const [pattern, reason, message] of rules) {
    if (!pattern.test(output)) continue
    const complete = message(remote)
    return new SourceError(reason, said === '' ? complete : `${complete} (git: ${said})`)
  }
  return new SourceError('GitFailed', `git failed for ${where(remote)}: ${said || 'it said nothing'}`)
}

/** The damage is in our own copy: it is thrown away and made anew. */
export const isDamage = (output: string): boolean =>
  /corrupt|bad object|not a git repository|unable to read|invalid (object|sha1|index-pack)|missing (blob|tree|commit)|did not send all necessary|broken|bad config|cannot lock ref|unresolved deltas|not a valid object|inflate|packfile|is empty/i.test(
    output,
  ) && !/remote error|does not appear to be a git repository|out of memory/i.test(output)

const lastWords = (output: string): string => {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !advice.test(line))
  const marked = lines.flatMap((line) => line.match(/^(?:fatal|error|remote|ssh): *(.*\S)/i)?.[1] ?? [])
  return marked.at(-1) ?? lines.at(-1)?.trim() ?? ''
}

/** What git adds when ssh has failed; the line before it says more. */
const advice =
  /^(fatal: could not read from remote repository|please make sure you have the correct access rights|and the repository exists)/i

/** Without anything that could be the credentials, plain or encoded. */
export function scrub(text: string, { credentials }: Pick<GitRemote, 'credentials'>): string {
  if (credentials === undefined) return text
  const { basic } = credentials
  const encoded = basic && Buffer.from(`${basic.username}:${basic.password}`).toString('base64')
  const secrets = secretsOf({ credentials }).flatMap((secret) => [secret, encodeURIComponent(secret)])
  return [...secrets, ...(encoded === undefined ? [] : [encoded])].reduce(
    (clean, secret) => clean.replaceAll(secret, '***'),
    text,
  )
}
