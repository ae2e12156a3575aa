import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SourceError } from './errors.ts'
import { defaultLimits } from './limits.ts'
import { type TreeEntry, TreeIndex } from './tree-index.ts'

type Files = Record<string, string | { link: string }>

/** Contents stand for themselves as `ref`. */
const indexOf = (files: Files, limits = {}): TreeIndex<string> =>
  new TreeIndex(
    Object.entries(files).map(([path, file]): [string, TreeEntry<string>] => [
      path,
      typeof file === 'string'
        ? { kind: 'file', sizeBytes: file.length, executable: false, ref: file }
        : { kind: 'link', target: file.link },
    ]),
    { ...defaultLimits, ...limits },
  )

const read = (files: Files, path: string): string | undefined => {
  try {
    return indexOf(files).file(path)?.ref
  } catch (error) {
    return (error as SourceError).reason
  }
}

describe('a path', () => {
  const files: Files = {
    'a/b': 'one',
    'a/up': { link: '../c' },
    c: 'two',
    folder: { link: 'a' },
    'x/abs': { link: '/etc/passwd' },
    'x/out': { link: '../../etc/passwd' },
    'x/loop1': { link: 'loop2' },
    'x/loop2': { link: './loop1' },
    'x/broken': { link: 'nothing' },
    'x/sly': { link: '../a/../../y' },
  }
  it.each([
    ['a/b', 'one'],
    ['./a//b', 'one'],
    ['a/up', 'two'],
    ['folder/b', 'one'],
    ['folder/up', 'two'],
    ['a/../c', 'two'],
    ['nope', undefined],
    ['a/b/c', undefined],
    ['a', 'NotAFile'],
    ['../c', 'OutsideRoot'],
    ['x/abs', 'OutsideRoot'],
    ['x/out', 'OutsideRoot'],
    ['x/sly', 'OutsideRoot'],
    ['x/loop1', 'LinkLoop'],
    ['x/broken', undefined],
  ])('%s gives %s', (path, expected) => {
    expect(read(files, path)).toBe(expected)
  })

  it('to a file over the limit is refused with both sizes', () => {
    const index = indexOf({ big: 'x'.repeat(2048) }, { fileBytes: 1024 })
    expect(() => index.file('big')).toThrow('big has 2 KiB; a file may have at most 1 KiB')
  })
})

describe('a walk', () => {
  it('is sorted, leaves out .git, and follows links to folders once per way', () => {
    const walk = indexOf({ 'b/2': '', 'b/10': '', a: '', '.git/config': '', l: { link: 'b' } }).walk('')
    expect(walk?.files.map(({ path, realPath }) => `${path} ${realPath}`)).toEqual([
      'a a',
      'b/10 b/10',
      'b/2 b/2',
      'l/10 b/10',
      'l/2 b/2',
    ])
  })

  it('ends at folders that contain themselves, and at its depth', () => {
    const walk = indexOf({ 'a/b/self': { link: '../..' }, 'd/d/d/d/d/f': '' }, { depth: 5 }).walk('')
    expect(walk?.problems.map(({ path, reason }) => `${reason} ${path}`).sort()).toEqual([
      'LinkLoop a/b/self',
      'TooDeep d/d/d/d/d/f',
    ])
  })
})

describe('attack: links that make more ways than there are files', () => {
  /** `d0/l0`, `d0/l1` -> `d1`, and so on. */
  const lattice = (levels: number, links: number, file: string | undefined): Files =>
    Object.fromEntries([
      ...Array.from({ length: levels }, (_, i) =>
        Array.from({ length: links }, (_, j): [string, { link: string }] => [`d${i}/l${j}`, { link: `../d${i + 1}` }]),
      ).flat(),
      [`d${levels}/${file ?? 'self'}`, file === undefined ? { link: '.' } : 'x'],
    ])

  it.each([
    ['with a file at the end', lattice(60, 2, 'f')],
    ['with nothing at the end', lattice(60, 2, undefined)],
    ['wide', lattice(5, 200, 'f')],
    ['deeper than deep', lattice(500, 3, undefined)],
    [
      'whose targets go up and down for ever',
      Object.fromEntries(
        Array.from({ length: 5_000 }, (_, i) => [`l${i}`, { link: `${'a/../'.repeat(800)}b` }] as const).concat([
          ['a/x', 'x'] as never,
        ]),
      ),
    ],
  ])('%s: the walk ends at once', (_, files) => {
    expect(() => indexOf(files).walk('')).toThrow('holds more than')
  })

  it('do not keep honest ones from being followed', () => {
    expect(indexOf(lattice(5, 2, 'f')).walk('d0')?.files).toHaveLength(32)
  })
})

it('whatever links a tree holds, resolving ends and stays inside', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
  const target = fc
    .array(fc.oneof(name, fc.constant('..'), fc.constant('.'), fc.constant('')), { maxLength: 5 })
    .map((parts) => parts.join('/'))
  const entry = fc.oneof(
    fc.constant('text'),
    target.map((link) => ({ link })),
  )
  fc.assert(
    fc.property(fc.dictionary(path, entry, { maxKeys: 8 }), target, (files, asked) => {
      const real = new Set(Object.keys(files))
      const index = indexOf(files)
      for (const where of [asked, ...real]) {
        try {
          const found = index.file(where)
          if (found !== undefined) expect(real).toContain(found.path)
        } catch (error) {
          expect(error).toBeInstanceOf(SourceError)
        }
      }
      for (const file of index.walk('')?.files ?? []) expect(real).toContain(file.realPath)
    }),
  )
})

describe('attack: a tree with names that git itself never makes', () => {
  it.each(['../evil', 'a/../../evil', '..', './a', 'a//b', '/etc/passwd', 'a/', 'nul\0'])('%j is refused', (path) => {
    expect(() => indexOf({ [path]: 'x' })).toThrow('leads out of it')
  })
})
