import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseBatch, parseListing } from './commit-tree.ts'

const hash = fc.stringMatching(/^[0-9a-f]{40}$/)

describe('the listing of a commit', () => {
  it('keeps paths as they are, with spaces, tabs, line ends and umlauts', () => {
    const paths = ['a b', 'tab\there', 'two\nlines', 'ü/ñ', '-rf']
    const text = paths.map((path) => `100644 blob ${'a'.repeat(40)}       7\t${path}\0`).join('')
    expect(parseListing(text).map(({ path }) => path)).toEqual(paths)
  })

  it('tells files, links and submodules apart', () => {
    const text = `100755 blob ${'a'.repeat(40)}      12\tx\x00120000 blob ${'b'.repeat(40)}       3\tl\x00160000 commit ${'c'.repeat(40)}       -\tm\x00`
    expect(parseListing(text).map(({ mode, type, sizeBytes }) => `${mode} ${type} ${sizeBytes}`)).toEqual([
      '100755 blob 12',
      '120000 blob 3',
      '160000 commit 0',
    ])
  })
})

describe('many objects at once', () => {
  it('come back byte for byte, whatever they hold', () => {
    fc.assert(
      fc.property(fc.dictionary(hash, fc.uint8Array({ maxLength: 50 }), { maxKeys: 5 }), (blobs) => {
        const output = Buffer.concat(
          Object.entries(blobs).flatMap(([name, bytes]) => [
            Buffer.from(`${name} blob ${bytes.length}\n`),
            bytes,
            Buffer.from('\n'),
          ]),
        )
        const parsed = parseBatch(output)
        expect([...parsed.keys()].sort()).toEqual(Object.keys(blobs).sort())
        for (const [name, bytes] of Object.entries(blobs)) expect(Buffer.compare(parsed.get(name)!, bytes)).toBe(0)
      }),
    )
  })

  it('say when one is missing', () => {
    expect(() => parseBatch(Buffer.from(`${'a'.repeat(40)} missing\n`))).toThrow(/is missing/)
  })
})
