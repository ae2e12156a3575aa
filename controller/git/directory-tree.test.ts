import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDirectory } from './directory-tree.ts'
import { defaultLimits } from './limits.ts'

const { signal } = new AbortController()
let base: string
let root: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'komodo-directory-'))
  root = join(base, 'root')
  mkdirSync(join(root, 'folder'), { recursive: true })
  mkdirSync(join(base, 'outside'))
  writeFileSync(join(root, 'folder', 'a.toml'), 'mine')
  writeFileSync(join(base, 'outside', 'a.toml'), 'canary')
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

describe('attack: what was looked at is swapped before it is read', () => {
  it.each<[string, () => void]>([
    [
      'the file, for a link',
      () => {
        rmSync(join(root, 'folder', 'a.toml'))
        symlinkSync(join(base, 'outside', 'a.toml'), join(root, 'folder', 'a.toml'))
      },
    ],
    [
      'its folder, for a link',
      () => {
        renameSync(join(root, 'folder'), join(root, 'moved'))
        symlinkSync(join(base, 'outside'), join(root, 'folder'))
      },
    ],
    [
      'the file, for a device',
      () => {
        rmSync(join(root, 'folder', 'a.toml'))
        symlinkSync('/dev/zero', join(root, 'folder', 'a.toml'))
      },
    ],
  ])('%s', async (_, swap) => {
    const tree = await openDirectory(root, signal)
    swap()
    const read = await tree.read('folder/a.toml', signal).then(
      (bytes) => Buffer.from(bytes ?? []).toString(),
      (error: Error) => `refused: ${error.message}`,
    )
    expect(read).toMatch(/^refused/)
  })

  it('a file that was only written anew is read as it is now', async () => {
    const tree = await openDirectory(root, signal)
    writeFileSync(join(base, 'new'), 'newer')
    renameSync(join(base, 'new'), join(root, 'folder', 'a.toml'))
    expect(Buffer.from((await tree.read('folder/a.toml', signal)) ?? []).toString()).toBe('newer')
  })
})

it('attack: many files that are large together are not read to see whether they changed', async () => {
  for (let i = 0; i < 10; i++) writeFileSync(join(root, `${i}.toml`), 'x'.repeat(1_000))
  const limits = { ...defaultLimits, totalBytes: 5_000 }
  await expect(openDirectory(root, signal, { limits })).rejects.toMatchObject({ reason: 'TooLarge' })
})

it('of one file does not list the files beside it, of which there may be more than anybody reads', async () => {
  const limits = { ...defaultLimits, entries: 1 }
  writeFileSync(join(root, 'one.toml'), 'one')
  await expect(openDirectory(root, signal, { limits })).rejects.toMatchObject({ reason: 'TooLarge' })
  const tree = await openDirectory(root, signal, { limits, only: 'one.toml' })
  expect(tree.walk('')?.files.map(({ path }) => path)).toEqual(['one.toml'])
  expect(Buffer.from((await tree.read('one.toml', signal)) ?? []).toString()).toBe('one')
})
