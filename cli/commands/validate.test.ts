import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CommandContext } from '../context.ts'
import { exit } from '../exit.ts'
import { noPaint } from '../terminal.ts'
import { type ValidateOptions, validate } from './validate.ts'

let root: string
let said: string[]

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'validate-'))
  await mkdir(path.join(root, 'komodo'))
  await writeFile(path.join(root, 'komodo/web.toml'), '[[stack]]\nname = "web"\nconfig.server = "a"\n')
  await writeFile(
    path.join(root, 'komodo/other.toml'),
    '[[stack]]\nname = "web"\n\n[[stack]]\nname = "x"\nconfig.sever = "a"\n',
  )
  await writeFile(path.join(root, 'komodo/fine.toml'), '[[server]]\nname = "a"\n')
})
afterEach(() => rm(root, { recursive: true }))

const run = (paths: string[], options: Partial<ValidateOptions> = {}, folder = '.') => {
  said = []
  const say = (text: string) => said.push(text)
  const context: CommandContext = {
    terminal: { print: say, note: say, progress: () => {}, progressDone: () => {}, paint: noPaint },
    cwd: path.join(root, folder),
    signal: new AbortController().signal,
    connect: () => Promise.reject(new Error('validate needs no cluster')),
  }
  return validate(paths, { format: 'text', ...options }, context)
}

describe('komodo validate', () => {
  it('of some files alone does not see what others declare', async () => {
    expect(await run(['komodo/web.toml'])).toBe(exit.ok)
    expect(said).toEqual(['1 object: no errors, 0 warnings'])
  })

  it('of some files within their folder tells what they break, at their own line', async () => {
    expect(await run(['komodo/web.toml'], { within: 'komodo' })).toBe(exit.error)
    expect(said.join('\n')).toMatch(/^komodo\/web.toml:1:1: error: Stack "web" declared more than once/)
    expect(said.join('\n')).not.toContain('sever')
  })

  it('of some files within their folder is silent about what is wrong elsewhere', async () => {
    expect(await run(['komodo/fine.toml'], { within: 'komodo' })).toBe(exit.ok)
  })

  it('does not mind a file that a commit removes, beside others', async () => {
    expect(await run(['komodo/gone.toml', 'komodo/fine.toml'], { within: 'komodo' })).toBe(exit.ok)
  })

  it('refuses when none of the paths exists', async () => {
    await expect(run(['komdo'], { within: 'komodo' })).rejects.toThrow('komdo does not exist')
  })

  it('fails on warnings only when it is strict', async () => {
    await rm(path.join(root, 'komodo/web.toml'))
    expect(await run(['.'])).toBe(exit.ok)
    expect(await run(['.'], { strict: true })).toBe(exit.error)
  })

  it('names files from the root of the repository in annotations, wherever it runs', async () => {
    expect(await run(['other.toml'], { format: 'github', repository: root }, 'komodo')).toBe(exit.ok)
    expect(said[0]).toMatch(/^::warning file=komodo\/other.toml,line=6,col=8,title=UnknownKey::/)
  })

  it('says of what two files declare that no sync may read both, and which paths the declared syncs read', async () => {
    await run(['.'])
    expect(said.join('\n')).toContain(
      '; if no sync reads all of these files, validate what each of them reads by itself',
    )
    const sync = (name: string, folder: string) =>
      `[[resource_sync]]\nname = "${name}"\nconfig.resource_path = ["${folder}"]\n`
    await writeFile(path.join(root, 'syncs.toml'), sync('A', './komodo/web.toml') + sync('B', 'komodo/other.toml/'))
    expect(await run(['.'])).toBe(exit.error)
    expect(said.join('\n')).toContain(
      '; if no sync reads all of these files, validate komodo/web.toml (ResourceSync A) and komodo/other.toml (ResourceSync B) by itself',
    )
    await writeFile(path.join(root, 'syncs.toml'), sync('A', 'komodo') + sync('B', 'komodo/other.toml'))
    expect(await run(['.'])).toBe(exit.error)
    expect(said.join('\n')).not.toContain('by itself')
  })

  it('reads a file once that is named twice', async () => {
    expect(await run(['komodo/fine.toml', 'komodo/fine.toml', 'komodo/./fine.toml'])).toBe(exit.ok)
    expect(said).toEqual(['1 object: no errors, 0 warnings'])
  })

  it('reads a file by a link to it, and none outside of the folder of the link', async () => {
    await symlink('komodo/fine.toml', path.join(root, 'link.toml'))
    await symlink('/etc/hostname', path.join(root, 'out.toml'))
    expect(await run(['link.toml'])).toBe(exit.ok)
    expect(said).toEqual(['1 object: no errors, 0 warnings'])
    expect(await run(['out.toml'])).toBe(exit.error)
    expect(said[0]).toContain('out.toml leads out of the source')
  })

  it('says of a file of another ending that it is not read', async () => {
    await writeFile(path.join(root, 'README.md'), '')
    expect(await run(['README.md'])).toBe(exit.ok)
    expect(said[0]).toBe('README.md:1:1: warning: the file is not read: its name does not end in .toml [NothingToRead]')
  })
})
