import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDirectory } from '../../git/directory-tree.ts'
import type { BrowsableTree } from '../../git/tree.ts'
import { readDeclarationFiles } from '../../sync/files.ts'
import { hostWriting } from './write-source.ts'

const { signal } = new AbortController()
let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'komodo-write-source-'))
  mkdirSync(join(root, 'real'))
  writeFileSync(join(root, 'servers.toml'), '')
  writeFileSync(join(root, 'real', 'web.toml'), '')
  symlinkSync('servers.toml', join(root, 'a.toml'))
  symlinkSync('real', join(root, 'apps'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

async function obstacle(path: string, more: Partial<BrowsableTree> = {}, resourcePath = ['.']) {
  const tree = await openDirectory(root, signal)
  const { kept } = await readDeclarationFiles(tree, resourcePath, signal)
  const { submodules = [], leftOut = [] } = more
  Object.defineProperties(tree, { submodules: { value: submodules }, leftOut: { value: leftOut } })
  return hostWriting(root, tree).obstacle?.(path, kept)
}

describe('a new file never takes the place of what is there', () => {
  it('nothing hinders one in a new folder, or below a link to a folder', async () => {
    expect(await obstacle('new/x.toml')).toBeUndefined()
    expect(await obstacle('apps/x.toml')).toBeUndefined()
  })

  it('a file that is read by way of a link was replaced by the new object alone', async () => {
    expect(await obstacle('servers.toml')).toBe('the file is read as a.toml; name it so')
    expect(await obstacle('real/web.toml')).toBe('the file is read as apps/web.toml; name it so')
    expect(await obstacle('a.toml')).toBeUndefined()
  })

  it('a file whose name was given as a folder was removed for it', async () => {
    expect(await obstacle('servers.toml/new.toml')).toBe('servers.toml is a file, not a folder')
  })

  it('a file that the sync does not read stays as it is', async () => {
    expect(await obstacle('servers.toml', {}, ['real'])).toBe('servers.toml is there, and is not read')
  })
})

describe('a file of a submodule', () => {
  it('cannot be written, and hinders no other', async () => {
    const why = 'it is in the submodule real, which is a repository of its own'
    expect(await obstacle('apps/web.toml', { submodules: ['real'] })).toBe(why)
    expect(await obstacle('real/new.toml', { leftOut: ['real'] })).toBe(why)
    expect(await obstacle('a.toml', { submodules: ['real'] })).toBeUndefined()
  })
})
