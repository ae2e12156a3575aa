import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeManifest } from '../controller/git/written-files.ts'
import type { HostCommand, RepoRequest } from '../controller/hosts/port.ts'
import { observeRepo, pullRepo, type RepoRoots, removeRepo } from './repo-directory.ts'
import { runCommand } from './run-command.ts'

let data: string
let roots: RepoRoots
let directory: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'komodo-repos-'))
  roots = { repos: join(data, 'repos'), allowed: [join(data, 'srv')] }
  mkdirSync(join(data, 'srv'))
  directory = join(roots.repos, 'infra')
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

const { signal } = new AbortController()
const tools = { run: runCommand, environment: { PATH: process.env.PATH ?? '' }, shell: '/bin/sh' }
const sh = (command: string, more: Partial<HostCommand> = {}): HostCommand => ({
  path: '',
  command,
  shellMode: false,
  ...more,
})

const treeOf = (files: Readonly<Record<string, string>>, revision = 'c1') => ({
  revision,
  read: async () => undefined,
  writeTo: async (to: string) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(to, path, '..'), { recursive: true })
      writeFileSync(join(to, path), text)
    }
    await writeManifest(to, new Set(Object.keys(files)))
  },
})

const request = (more: Partial<RepoRequest> = {}): RepoRequest => ({
  owner: 'default/infra',
  directory: 'infra',
  tree: treeOf({ 'a.txt': 'one', 'deep/b.txt': 'two' }),
  hash: 'h1',
  environment: [],
  envFilePath: '.env',
  secrets: [],
  ...more,
})
const pull = (more: Partial<RepoRequest> = {}) => pullRepo(tools, roots, request(more), signal)
const log = () => readFileSync(join(data, 'log'), 'utf8')

describe('a pull', () => {
  it('brings the tree and the env file, and a look tells what is there', async () => {
    expect(await observeRepo(roots, request())).toBeUndefined()
    const report = await pull({ environment: [{ key: 'A', value: '"b c"' }], envFilePath: 'conf/.env' })
    expect(report).toEqual({ directory, log: [] })
    expect(readFileSync(join(directory, 'deep/b.txt'), 'utf8')).toBe('two')
    expect(readFileSync(join(directory, 'conf/.env'), 'utf8')).toBe('A="b c"\n')
    expect(statSync(join(directory, 'conf/.env')).mode & 0o777).toBe(0o600)
    expect(await observeRepo(roots, request())).toEqual({ directory, revision: 'c1', hash: 'h1' })
  })

  it('runs on_clone once, and on_pull each time and after the clone', async () => {
    const commands = { onClone: sh(`echo clone >> ${data}/log`), onPull: sh(`echo pull >> ${data}/log`) }
    expect((await pull(commands)).log.map(({ stage }) => stage)).toEqual(['On Clone', 'On Pull'])
    expect((await pull({ ...commands, hash: 'h2' })).log.map(({ stage }) => stage)).toEqual(['On Pull'])
    expect(log()).toBe('clone\npull\npull\n')
  })

  it('runs commands in their path, line by line as Komodo does: `# c`, `a`, `b` are `a && b`', async () => {
    await pull({ onPull: sh(`# c\npwd > ${data}/log\nls >> ${data}/log`, { path: 'deep' }) })
    expect(log()).toBe(`${directory}/deep\nb.txt\n`)
  })

  it('whose on_clone fails does not run on_pull, is not seen as done, and begins with on_clone again', async () => {
    const onPull = sh(`echo pull >> ${data}/log`)
    await expect(pull({ onClone: sh('echo why; exit 3'), onPull })).rejects.toMatchObject({
      reason: 'OnCloneFailed',
      message: 'On Clone failed: why',
    })
    expect(existsSync(join(data, 'log'))).toBe(false)
    expect(await observeRepo(roots, request())).toBeUndefined()
    await pull({ onClone: sh(`echo clone >> ${data}/log`), onPull })
    expect(log()).toBe('clone\npull\n')
  })

  it('whose on_pull fails is not seen as done, and does not run on_clone again', async () => {
    const onClone = sh(`echo clone >> ${data}/log`)
    await expect(pull({ onClone, onPull: sh('false') })).rejects.toMatchObject({ reason: 'OnPullFailed' })
    expect(await observeRepo(roots, request())).toBeUndefined()
    await pull({ onClone, onPull: sh('true') })
    expect(log()).toBe('clone\n')
  })

  it('shows no secret in what it reports of a command', async () => {
    const failing = pull({ onPull: sh('echo token=canary-77; false'), secrets: ['canary-77'] })
    const error = await failing.catch((error: unknown) => error)
    expect(JSON.stringify(error)).not.toContain('canary-77')
    expect(error).toMatchObject({ message: 'On Pull failed: token=<redacted>' })
  })

  it('keeps what others made, removes what the repository no longer has, and the env file that is written no more', async () => {
    await pull({ environment: [{ key: 'A', value: 'b' }] })
    writeFileSync(join(directory, 'made.txt'), 'here')
    await pull({ tree: treeOf({ 'a.txt': 'new' }, 'c2'), hash: 'h2' })
    expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('new')
    expect(readdirSync(directory)).toContain('made.txt')
    expect(readdirSync(directory)).not.toContain('.env')
  })

  it('keeps a file of the repository where an env file was written before', async () => {
    await pull({ environment: [{ key: 'A', value: 'b' }] })
    await pull({ tree: treeOf({ '.env': 'C=d' }, 'c2'), hash: 'h2' })
    expect(readFileSync(join(directory, '.env'), 'utf8')).toBe('C=d')
    await pull({ environment: [{ key: 'A', value: 'b' }], envFilePath: 'conf', hash: 'h3' })
    rmSync(join(directory, 'conf'))
    await pull({ tree: treeOf({ 'conf/app.ini': 'x' }, 'c3'), hash: 'h4' })
    expect(readFileSync(join(directory, 'conf/app.ini'), 'utf8')).toBe('x')
  })

  it('begins with on_clone again when somebody removed the directory', async () => {
    const onClone = sh(`echo clone >> ${data}/log`)
    await pull({ onClone })
    rmSync(directory, { recursive: true })
    expect(await observeRepo(roots, request())).toBeUndefined()
    await pull({ onClone })
    expect(log()).toBe('clone\nclone\n')
  })
})

describe('the directory', () => {
  it('may be an absolute one that the agent allows, and a clone that is there is taken over', async () => {
    const absolute = join(data, 'srv/app')
    mkdirSync(join(absolute, '.git'), { recursive: true })
    writeFileSync(join(absolute, 'a.txt'), 'old')
    await pull({ directory: absolute })
    expect(readFileSync(join(absolute, 'a.txt'), 'utf8')).toBe('one')
    expect(existsSync(join(absolute, '.git'))).toBe(true)
  })

  it('with files that nobody knows of is left alone', async () => {
    mkdirSync(join(data, 'srv/app'))
    writeFileSync(join(data, 'srv/app/a.txt'), 'precious')
    await expect(pull({ directory: join(data, 'srv/app') })).rejects.toMatchObject({ reason: 'DirectoryNotEmpty' })
    expect(readFileSync(join(data, 'srv/app/a.txt'), 'utf8')).toBe('precious')
  })

  it('of one Repo is not taken by another, nor removed', async () => {
    await pull()
    await expect(pull({ owner: 'default/other' })).rejects.toMatchObject({ reason: 'DirectoryTaken' })
    expect(await removeRepo(roots, request({ owner: 'default/other' }))).toEqual({ left: [] })
    expect(existsSync(directory)).toBe(true)
  })

  it.each(['/etc/komodo-test', '../x', '..', '.', '', '.pulled', '.pulled/x', '-x'])(
    'attack: cannot be %j',
    async (place) => {
      await expect(pull({ directory: place })).rejects.toMatchObject({ name: 'HostRejectedError' })
    },
  )

  it('attack: cannot be one that holds those of others', async () => {
    roots = { ...roots, allowed: ['/'] }
    for (const place of [data, roots.repos, join(roots.repos, '.pulled')])
      await expect(pull({ directory: place })).rejects.toMatchObject({ reason: 'PathOutsideRoot' })
  })

  it.each([{ envFilePath: '../../evil' }, { envFilePath: '/etc/evil' }, { envFilePath: 'link/evil' }])(
    'attack: the env file does not leave it ($envFilePath)',
    async ({ envFilePath }) => {
      mkdirSync(directory, { recursive: true })
      symlinkSync(data, join(directory, 'link'))
      mkdirSync(join(directory, '.git'))
      const environment = [{ key: 'A', value: 'b' }]
      await expect(pull({ environment, envFilePath })).rejects.toMatchObject({ reason: 'PathOutsideRoot' })
      expect(existsSync(join(data, 'evil'))).toBe(false)
    },
  )

  it('attack: a command does not run outside of it', async () => {
    await expect(pull({ onPull: sh('true', { path: '../..' }) })).rejects.toMatchObject({ reason: 'PathOutsideRoot' })
  })
})

describe('removing', () => {
  it('takes away what was written, env file included, and the directory', async () => {
    await pull({ environment: [{ key: 'A', value: 'b' }] })
    expect(await removeRepo(roots, request())).toEqual({ left: [] })
    expect(existsSync(directory)).toBe(false)
    expect(await removeRepo(roots, request())).toEqual({ left: [] })
  })

  it('leaves what did not come from the repository, and says so', async () => {
    await pull({ onPull: sh('mkdir -p data && echo precious > data/db') })
    expect(await removeRepo(roots, request())).toEqual({ left: ['data'] })
    expect(readFileSync(join(directory, 'data/db'), 'utf8')).toBe('precious\n')
  })
})
