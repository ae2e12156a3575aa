import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDirectory } from '../git/directory-tree.ts'
import { defaultFileLimits, type FileLimits, readDeclarationFiles } from './files.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'komodo-files-'))
  writeFileSync(join(directory, 'bom.toml'), '\ufeff[[server]]')
  writeFileSync(join(directory, 'latin1.toml'), Buffer.from('name = "M\xfcnchen"', 'latin1'))
  writeFileSync(join(directory, 'long.toml'), 'x'.repeat(100))
  mkdirSync(join(directory, 'capitals'))
  for (const name of ['A.TOML', 'b.Toml', 'c.toml']) {
    writeFileSync(join(directory, 'capitals', name), name === 'c.toml' ? 'lower' : 'UPPER')
  }
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const read = async (resourcePath: string[], limits: Partial<FileLimits> = {}) => {
  const signal = new AbortController().signal
  const tree = await openDirectory(directory, signal)
  const { files, diagnostics } = await readDeclarationFiles(tree, resourcePath, signal, {
    ...defaultFileLimits,
    ...limits,
  })
  return {
    texts: files.map(({ text }) => text),
    said: diagnostics.map(({ code, position }) => `${code} ${position.file}`),
  }
}

it.each<[string, string[], Partial<FileLimits>, Awaited<ReturnType<typeof read>>]>([
  ['a byte order mark is dropped', ['bom.toml'], {}, { texts: ['[[server]]'], said: [] }],
  [
    'what is not UTF-8 is an error that names the file',
    ['latin1.toml'],
    {},
    { texts: [], said: ['NotUtf8 latin1.toml'] },
  ],
  [
    'an ending in capitals is not read, and says so',
    ['capitals'],
    {},
    { texts: ['lower'], said: ['IgnoredExtension capitals/A.TOML', 'IgnoredExtension capitals/b.Toml'] },
  ],
  ['a file over the limit is named', ['long.toml'], { fileBytes: 99 }, { texts: [], said: ['TooLarge long.toml'] }],
  [
    'all together may not be too many',
    ['bom.toml', 'latin1.toml', 'long.toml'],
    { files: 2 },
    { texts: [], said: ['TooManyFiles '] },
  ],
  ['nor too large', ['bom.toml', 'long.toml'], { totalBytes: 110 }, { texts: [], said: ['TooLarge '] }],
])('%s', async (_, resourcePath, limits, expected) => {
  expect(await read(resourcePath, limits)).toEqual(expected)
})
