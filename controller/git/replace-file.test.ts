import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { replaceFile } from './replace-file.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'komodo-replace-'))
  writeFileSync(join(root, 'a.toml'), 'one')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const reasonOf = (work: Promise<void>): Promise<unknown> =>
  work.then(
    () => 'written',
    (error: { reason?: string }) => error.reason ?? error,
  )

describe('a file on the host', () => {
  it('is replaced whole, with its mode, and leaves nothing beside it', async () => {
    chmodSync(join(root, 'a.toml'), 0o600)
    await replaceFile(root, 'a.toml', 'one', 'two ä')
    expect(readFileSync(join(root, 'a.toml'), 'utf8')).toBe('two ä')
    expect(lstatSync(join(root, 'a.toml')).mode & 0o777).toBe(0o600)
    expect(readdirSync(root)).toEqual(['a.toml'])
  })

  it('is made with its folders when it is new', async () => {
    await replaceFile(root, 'new/deep/b.toml', undefined, 'b')
    expect(readFileSync(join(root, 'new/deep/b.toml'), 'utf8')).toBe('b')
  })

  it('that somebody else changed, made or removed meanwhile stays as it is', async () => {
    expect(await reasonOf(replaceFile(root, 'a.toml', 'zero', 'two'))).toBe('BranchMoved')
    expect(await reasonOf(replaceFile(root, 'a.toml', undefined, 'two'))).toBe('BranchMoved')
    expect(await reasonOf(replaceFile(root, 'gone.toml', 'was', 'two'))).toBe('BranchMoved')
    expect(readFileSync(join(root, 'a.toml'), 'utf8')).toBe('one')
    expect(readdirSync(root)).toEqual(['a.toml'])
  })

  it('attack: links lead nowhere', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'komodo-outside-'))
    writeFileSync(join(outside, 'x.toml'), 'theirs')
    symlinkSync(outside, join(root, 'out'))
    symlinkSync(join(outside, 'x.toml'), join(root, 'x.toml'))
    mkdirSync(join(root, 'folder.toml'))
    expect(await reasonOf(replaceFile(root, 'out/x.toml', 'theirs', 'ours'))).toBe('OutsideRoot')
    expect(await reasonOf(replaceFile(root, 'out/new.toml', undefined, 'ours'))).not.toBe('written')
    expect(await reasonOf(replaceFile(root, 'x.toml', 'theirs', 'ours'))).toBe('NotAFile')
    expect(await reasonOf(replaceFile(root, 'folder.toml', 'theirs', 'ours'))).toBe('NotAFile')
    expect(readdirSync(outside)).toEqual(['x.toml'])
    expect(readFileSync(join(outside, 'x.toml'), 'utf8')).toBe('theirs')
    rmSync(outside, { recursive: true })
  })
})
