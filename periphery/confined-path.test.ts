import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { confinedPath, isInside, writePrivateFile } from './confined-path.ts'

const base = mkdtempSync(path.join(tmpdir(), 'confined-'))
const root = path.join(base, 'root')
mkdirSync(path.join(root, 'sub'), { recursive: true })
writeFileSync(path.join(base, 'outside'), 'x')
symlinkSync('../outside', path.join(root, 'link-out'))
symlinkSync('sub', path.join(root, 'link-in'))
symlinkSync('..', path.join(root, 'up'))
symlinkSync('nowhere', path.join(root, 'dangling'))
symlinkSync('loop', path.join(root, 'loop'))
afterAll(() => rmSync(base, { recursive: true, force: true }))

describe('a confined path', () => {
  for (const inside of ['', 'sub', 'new/deep/file', 'sub/../sub', 'link-in/file', './a', '..a']) {
    it(`may be "${inside}"`, async () => {
      expect(await confinedPath(root, inside)).toBe(path.resolve(root, inside))
    })
  }
  for (const outside of [
    '..',
    '../outside',
    '/etc/passwd',
    'sub/../../outside',
    'link-out',
    'up/outside',
    'dangling',
    'a\0b',
  ]) {
    it(`may not be ${JSON.stringify(outside)}`, async () => {
      await expect(confinedPath(root, outside)).rejects.toMatchObject({ reason: 'PathOutsideRoot' })
    })
  }
  it('is refused when its links go round in circles', async () => {
    await expect(confinedPath(root, 'loop/x')).rejects.toThrow()
  })
  it('is not inside a sibling with the same beginning', () => {
    expect(isInside('/a/b', '/a/bc')).toBe(false)
    expect(isInside('/a/b', '/a/b/c')).toBe(true)
    expect(isInside('/', '/a')).toBe(true)
  })
})

describe('a private file', () => {
  it('can be read by its owner alone, and replaces the one before', async () => {
    const file = path.join(root, 'new/secret')
    await writePrivateFile(file, 'one')
    await writePrivateFile(file, 'two')
    expect(readFileSync(file, 'utf8')).toBe('two')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
  })
})
