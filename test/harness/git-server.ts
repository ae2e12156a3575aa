import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A real git server: Node's http in front of git's own `http-backend`, with basic or bearer authentication. */
export interface GitServer {
  /** `http://127.0.0.1:PORT`, or `https:` */
  readonly url: string
  /** Requests so far, as `METHOD /path?query`. */
  readonly requests: string[]
  /** Answers instead of git, while set. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  /** An empty bare repository, served as `/name`. */
  create(name: string): Promise<GitRepository>
  close(): Promise<void>
}

export interface GitRepository {
  readonly url: string
  /** Of the bare repository. */
  readonly path: string
  /** Writes a commit with exactly these files to a branch and returns its hash. `undefined` contents leave a file out. */
  commit(
    files: Readonly<Record<string, string | Link>>,
    options?: { branch?: string; message?: string; orphan?: boolean },
  ): string
  /** Runs git in the bare repository. */
  git(...args: string[]): string
}

/** A symbolic link instead of a file. */
export interface Link {
  link: string
}

const environment = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ann',
  GIT_AUTHOR_EMAIL: 'ann@example.com',
  GIT_COMMITTER_NAME: 'Ann',
  GIT_COMMITTER_EMAIL: 'ann@example.com',
}

export async function startGitServer(
  credentials?: { username: string; password: string } | { bearer: string },
  tls?: { cert: string; key: string; ca?: string },
): Promise<GitServer> {
  const root = mkdtempSync(join(tmpdir(), 'komodo-git-'))
  const expected = credentials && authorizationOf(credentials)
  const requests: string[] = []
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method} ${request.url}`)
    if (self.intercept?.(request, response)) return
    if (expected !== undefined && request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    serve(root, request, response)
  }
  // With an authority of its own, only clients with a certificate of it are let in.
  const mutual = tls?.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true }
  const server = tls === undefined ? createServer(answer) : createTlsServer({ ...tls, ...mutual }, answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  const self: GitServer = {
    url,
    requests,
    intercept: undefined,
    create: async (name) => createRepository(join(root, name), `${url}/${name}`),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(root, { recursive: true, force: true })
    },
  }
  return self
}

const authorizationOf = (credentials: { username: string; password: string } | { bearer: string }): string =>
  'bearer' in credentials
    ? `Bearer ${credentials.bearer}`
    : `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`

/** Also usable without a server, as a `file://` remote. */
export function createRepository(path: string, url = path): GitRepository {
  mkdirSync(path, { recursive: true })
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: path, env: environment, encoding: 'utf8' })
  git('init', '--quiet', '--bare', '--initial-branch=main')
  git('config', 'http.receivepack', 'true')
  return {
    url,
    path,
    git,
    commit: (files, { branch = 'main', message = 'Change', orphan = false } = {}) => {
      const work = mkdtempSync(join(tmpdir(), 'komodo-work-'))
      const env = { ...environment, GIT_DIR: path, GIT_WORK_TREE: work, GIT_INDEX_FILE: join(work, '.index') }
      const run = (args: string[], input?: string): string =>
        execFileSync('git', args, { cwd: work, env, encoding: 'utf8', input: input ?? '' }).trim()
      try {
        for (const [name, contents] of Object.entries(files)) {
          if (typeof contents !== 'string') {
            const target = run(['hash-object', '-w', '--stdin'], contents.link)
            run(['update-index', '--add', '--cacheinfo', `120000,${target},${name}`])
            continue
          }
          mkdirSync(dirname(join(work, name)), { recursive: true })
          writeFileSync(join(work, name), contents)
          run(['update-index', '--add', '--', name])
        }
        const tree = run(['write-tree'])
        const parent = orphan ? [] : parentOf(git, branch)
        const hash = run(['commit-tree', tree, ...parent.flatMap((one) => ['-p', one]), '-m', message])
        run(['update-ref', `refs/heads/${branch}`, hash])
        return hash
      } finally {
        rmSync(work, { recursive: true, force: true })
      }
    },
  }
}

function parentOf(git: GitRepository['git'], branch: string): string[] {
  const found = git('for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`).trim()
  return found === '' ? [] : [found]
}

function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
  const { headers } = request
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...environment,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      REMOTE_USER: 'ann',
      REMOTE_ADDR: '127.0.0.1',
      CONTENT_TYPE: headers['content-type'] ?? '',
      ...(headers['content-length'] ? { CONTENT_LENGTH: headers['content-length'] } : {}),
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    },
  })
  request.pipe(backend.stdin)
  backend.stdin.on('error', () => undefined)
  let head: Buffer | undefined = Buffer.alloc(0)
  backend.stdout.on('data', (chunk: Buffer) => {
    if (head === undefined) {
      response.write(chunk)
      return
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) return
    const fields = new Map(
      head
        .toString('latin1', 0, end)
        .split('\r\n')
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const),
    )
    const status = Number.parseInt(fields.get('Status') ?? '200', 10)
    fields.delete('Status')
    response.writeHead(status, Object.fromEntries(fields))
    response.write(head.subarray(end + 4))
    head = undefined
  })
  backend.on('close', () => {
    if (head !== undefined) response.writeHead(500)
    response.end()
  })
}
