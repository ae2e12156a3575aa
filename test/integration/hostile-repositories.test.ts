import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GitCache } from '../../controller/git/git-cache.ts'
import { gitEnvironment } from '../../controller/git/git-environment.ts'
import { GitProcess } from '../../controller/git/git-process.ts'
import { defaultLimits, type SourceLimits } from '../../controller/git/limits.ts'
import { createRepository, type GitRepository } from '../harness/git-server.ts'
import { waitUntil } from '../harness/wait-until.ts'

/**
 * Repositories that cost more than they weigh. Each is read by a process that has as little memory as this: what does not fit kills it,
 * and the test with it.
 */
const HEAP_MIB = 256
const PEAK_MIB = 450
const MOST_MS = 30_000

let data: string
let repository: GitRepository
beforeEach(() => {
  data = mkdtempSync(path.join(tmpdir(), 'komodo-hostile-'))
  repository = createRepository(path.join(data, 'evil.git'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

interface Outcome {
  files?: number
  declarations?: number
  errors: string[]
  message?: string
  ms: number
  peakMiB: number
}

const main = path.join(import.meta.dirname, '../harness/read-source-main.ts')

/** What a sync makes of the repository, within memory and time. */
const read = (...resourcePath: string[]): Outcome => {
  const args = [`--max-old-space-size=${HEAP_MIB}`, main, repository.path, path.join(data, 'cache'), ...resourcePath]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  const outcome = JSON.parse(stdout) as Outcome
  expect(outcome.peakMiB).toBeLessThan(PEAK_MIB)
  expect(outcome.ms).toBeLessThan(MOST_MS)
  return outcome
}

const git = (args: string[], input: string | Buffer = ''): string => {
  const { stdout, stderr, status } = spawnSync('git', args, { cwd: repository.path, input, maxBuffer: 2 ** 30 })
  if (status !== 0) throw new Error(stderr.toString())
  return stdout.toString().trim()
}
const blob = (text: string | Buffer): string => git(['hash-object', '-w', '--stdin'], text)
const tree = (entries: string[]): string => git(['mktree'], entries.map((entry) => `${entry}\n`).join(''))
const many = (count: number, entry: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => entry(i))

function commit(root: string, message = 'x'): void {
  const author = ['-c', 'user.name=Eve', '-c', 'user.email=eve@example.com']
  repository.git('update-ref', 'refs/heads/main', git([...author, 'commit-tree', root], message))
}

describe('attack: a repository', () => {
  it('of 10,000,000,000 files, made of ten trees', () => {
    let folder = tree(many(10, (i) => `100644 blob ${blob('x')}\tf${i}.toml`))
    for (let level = 0; level < 9; level++) {
      const below = folder
      folder = tree(many(10, (i) => `040000 tree ${below}\td${i}`))
    }
    commit(folder)
    expect(read('.').errors).toEqual(['TooLarge'])
  })

  it('of 1,000,000 files', () => {
    const file = blob('[[server]]\nname = "a"\n')
    const folder = tree(many(1_000, (i) => `100644 blob ${file}\tf${i}.toml`))
    commit(tree(many(1_000, (i) => `040000 tree ${folder}\td${i}`)))
    expect(read('.').errors).toEqual(['TooLarge'])
  })

  it('of more declaration files than a sync reads', () => {
    const file = blob('[[server]]\nname = "a"\n')
    const folder = tree(many(1_000, (i) => `100644 blob ${file}\tf${i}.toml`))
    commit(tree(many(20, (i) => `040000 tree ${folder}\td${i}`)))
    expect(read('.').errors).toEqual(['TooManyFiles'])
  })

  it('with a file of 1 GiB', () => {
    const big = path.join(data, 'big')
    writeFileSync(big, '')
    truncateSync(big, 2 ** 30)
    const hash = git(['-c', 'core.bigFileThreshold=1m', 'hash-object', '-w', big])
    commit(tree([`100644 blob ${hash}\tbig.toml`, `100644 blob ${blob('')}\tok.toml`]))
    expect(read('.').errors).toEqual(['TooLarge'])
    expect(read('ok.toml').errors).toEqual([])
  })

  it('whose files are large together', () => {
    const file = blob(`#${'x'.repeat(7 * 1024 * 1024)}\n`)
    commit(tree(many(20, (i) => `100644 blob ${file}\tf${i}.toml`)))
    expect(read('.').errors).toEqual(['TooLarge'])
  })

  it('of links that make more ways than there are files', () => {
    const folders = many(60, (i) => {
      const link = blob(`../d${i + 1}`)
      return `040000 tree ${tree([`120000 blob ${link}\ta`, `120000 blob ${link}\tb`])}\td${i}`
    })
    commit(tree([...folders, `040000 tree ${tree([`100644 blob ${blob('')}\tx.toml`])}\td60`]))
    expect(read('.').errors).toEqual(['TooLarge'])
  })

  it('whose links lead to the files of the machine', () => {
    const targets = ['/etc/passwd', '/proc/self/environ', '../../../../etc/passwd', '/dev/zero', '.', 'l5.toml']
    commit(tree(targets.map((target, i) => `120000 blob ${blob(target)}\tl${i}.toml`)))
    const { errors, files } = read('.')
    expect(errors.sort()).toEqual(['LinkLoop', 'LinkLoop', 'OutsideRoot', 'OutsideRoot', 'OutsideRoot', 'OutsideRoot'])
    expect(files).toBe(0)
  })

  it('whose commit message is 64 MiB', () => {
    commit(tree([`100644 blob ${blob('')}\ta.toml`]), 'm'.repeat(64 * 1024 * 1024))
    const { errors } = read('.')
    expect([[], ['TooLarge']]).toContainEqual(errors)
  })

  it('whose file names are options, lines and escape sequences', () => {
    const names = ['-rf', '--upload-pack=x', '\\u001b[2J', '$(touch pwned)', '`id`', ';id', '%2e%2e']
    commit(tree(names.map((name) => `100644 blob ${blob('')}\t${name}.toml`)))
    expect(read('.')).toMatchObject({ errors: [], files: names.length })
  })

  it.each([
    ['brackets in brackets', `a = ${'['.repeat(1_000_000)}`],
    ['tables in tables', `${'a.'.repeat(200_000)}a = 1`],
    ['inline tables in inline tables', `a = ${'{ a = '.repeat(100_000)}1`],
    ['a text without end', `a = """${'x'.repeat(7 * 1024 * 1024)}`],
    ['a header a thousand levels deep, a thousand times', `[${'a.'.repeat(1_000)}b]\n`.repeat(1_000)],
    ['fifty thousand blocks', '[[stack]]\nname = "a"\n'.repeat(50_001)],
    ['a quarter of a million keys', `[[stack]]\nname = "a"\n${many(250_000, (i) => `k${i} = ${i}`).join('\n')}`],
    ['half a million keys', `[[stack]]\nname = "a"\n${many(500_000, (i) => `k${i} = ${i}`).join('\n')}`],
    ['a block with a list of a million', `[[stack]]\nname = "a"\ntags = [${'"x",'.repeat(1_000_000)}]`],
  ])('with TOML of %s', (_, text) => {
    commit(tree([`100644 blob ${blob(text)}\ta.toml`]))
    expect(read('.').files).toBe(1)
  })
})

describe('attack: a git server', () => {
  const packet = (line: string): string => `${(line.length + 4).toString(16).padStart(4, '0')}${line}`
  const isLook = ({ method }: IncomingMessage): boolean => method === 'GET'

  /** As fast as it is taken, for as long as somebody takes it. */
  const endless = (response: ServerResponse, chunk: string): void => {
    const pump = (): void => {
      while (!response.destroyed && response.write(chunk));
    }
    response.on('drain', pump)
    pump()
  }
  const branches = packet(`${'a'.repeat(40)} refs/heads/${'x'.repeat(900)}\n`).repeat(1_000)

  let server: Server
  let url: string
  let unfinished: Set<ServerResponse>
  const serve = async (answer: (request: IncomingMessage, body: string, response: ServerResponse) => void) => {
    const own = new Set<ServerResponse>()
    unfinished = own
    server = createServer(async (request, response) => {
      response.on('close', () => own.delete(response))
      own.add(response)
      let body = ''
      for await (const chunk of request) body += chunk
      answer(request, body, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a/b`
  }
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const open = (limits: Partial<SourceLimits> = {}) => {
    const git = new GitProcess({ home: path.join(data, 'home'), environment: gitEnvironment(process.env) })
    const cache = new GitCache({
      directory: path.join(data, 'git'),
      git,
      allowLocal: false,
      limits: { ...defaultLimits, ...limits },
    })
    return cache.open({ url, branch: 'main', commit: '' }, AbortSignal.timeout(60_000))
  }

  it('that lists branches without end is left, and git is not set on it', async () => {
    let requests = 0
    await serve((_request, _body, response) => {
      requests++
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
      endless(response, branches)
    })
    await expect(open()).rejects.toMatchObject({
      reason: 'TooLarge',
      message: expect.stringContaining(`${url} lists more`),
    })
    expect(requests).toBe(1)
  })

  it('that lists branches without end to git alone gets no more memory than git has', async () => {
    await serve((request, _body, response) => {
      if (!isLook(request)) return void response.writeHead(404).end()
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' })
      response.write(`${packet('# service=git-upload-pack\n')}0000`)
      endless(response, branches)
    })
    await expect(open()).rejects.toMatchObject({
      reason: 'TooLarge',
      message: expect.stringContaining(`${url} takes git more than 256 MiB of memory`),
    })
    await waitUntil('git and its helpers to be gone', () => unfinished.size === 0)
  })

  it('that is given up takes no helper of git with it: one read on, in ever more memory, for as long as it was fed', async () => {
    await serve((request, _body, response) => {
      if (!isLook(request)) return void response.writeHead(404).end()
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' })
      response.write(`${packet('# service=git-upload-pack\n')}0000`)
      const drip = setInterval(() => response.write(branches.slice(0, 2_000)), 100)
      response.on('close', () => clearInterval(drip))
    })
    await expect(open({ timeoutMs: 1_000 })).rejects.toMatchObject({ reason: 'Timeout' })
    await waitUntil('git and its helpers to be gone', () => unfinished.size === 0)
  })

  it('that sends messages without end while git fetches does not fill our memory with them', async () => {
    const hash = 'a'.repeat(40)
    const able = ['version 2\n', 'ls-refs\n', 'fetch=shallow\n', 'object-format=sha1\n'].map(packet).join('')
    await serve((request, body, response) => {
      const type = isLook(request) ? 'advertisement' : 'result'
      response.writeHead(200, { 'content-type': `application/x-git-upload-pack-${type}` })
      if (isLook(request)) return void response.end(`${packet('# service=git-upload-pack\n')}0000${able}0000`)
      if (body.includes('ls-refs')) return void response.end(`${packet(`${hash} refs/heads/main\n`)}0000`)
      response.write(packet('packfile\n'))
      endless(response, packet(`\u0002${'x'.repeat(900)}\n`).repeat(1_000))
    })
    await expect(open()).rejects.toMatchObject({
      reason: 'TooLarge',
      message: expect.stringContaining('sends more than 4 MiB of messages'),
    })
  })
})
