import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readHeads } from './file-heads.ts'
import { type Heads, parseListing } from './heads.ts'
import { parseRefs } from './http-heads.ts'

const [A, B] = ['a'.repeat(40), 'b'.repeat(40)]
const packet = (line: string): string => `${(line.length + 4).toString(16).padStart(4, '0')}${line}`
const plain = ({ branches, main }: Heads) => ({ branches: Object.fromEntries(branches), main })

describe('what a host lists', () => {
  it('is read as ls-remote prints it', () => {
    const text = `ref: refs/heads/main\tHEAD\n${A}\tHEAD\n${A}\trefs/heads/main\n${B}\trefs/heads/x/y\n${B}\trefs/tags/v1\n`
    expect(plain(parseListing(text))).toEqual({ branches: { main: A, 'x/y': B }, main: 'main' })
  })

  it('is read as packets', () => {
    const lines = [`${A} HEAD symref-target:refs/heads/main\n`, `${A} refs/heads/main\n`, `${B} refs/heads/x/y\n`]
    const heads = parseRefs(Buffer.from(`${lines.map(packet).join('')}0000`))
    expect(heads && plain(heads)).toEqual({ branches: { main: A, 'x/y': B }, main: 'main' })
    expect(parseRefs(Buffer.from('0000'))).toEqual({ branches: new Map() })
  })

  it.each([
    ['cut off', packet(`${A} refs/heads/main\n`)],
    ['cut off in a packet', `${packet(`${A} refs/heads/main\n`).slice(0, 20)}`],
    ['an error', `${packet('ERR access denied\n')}0000`],
    ['a page', '<html>'],
    ['nothing', ''],
    ['longer than it says', `00000000`],
    ['no hash', `${packet('xyz refs/heads/main\n')}0000`],
  ])('is left to git when it is %s', (_, text) => {
    expect(parseRefs(Buffer.from(text))).toBeUndefined()
  })

  it('attack: whatever it is, reading it ends and throws nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        parseRefs(Buffer.from(bytes))
      }),
    )
  })
})

describe('the branches of a repository on this machine', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'komodo-heads-'))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@b.example', ...args], {
      encoding: 'utf8',
    }).trim()

  it.each([
    ['loose', []],
    ['packed', ['pack-refs', '--all']],
  ])('are found when they are %s, as git finds them', async (_, pack) => {
    git('init', '--quiet', '--initial-branch=main')
    git('commit', '--quiet', '--allow-empty', '--message', 'one')
    git('branch', 'x/y')
    if (pack.length > 0) git(...pack)
    git('commit', '--quiet', '--allow-empty', '--message', 'two')
    const heads = await readHeads(root)
    expect(heads && plain(heads)).toEqual({
      branches: { main: git('rev-parse', 'main'), 'x/y': git('rev-parse', 'x/y') },
      main: 'main',
    })
    expect(await readHeads(`file://${root}`)).toEqual(heads)
    expect(await readHeads(join(root, '.git'))).toEqual(heads)
  })

  it('are none in a new one', async () => {
    git('init', '--quiet', '--bare')
    expect(await readHeads(root)).toEqual({ branches: new Map() })
  })

  it.each<[string, () => void]>([
    ['there is none', () => {}],
    [
      'they are in a table',
      () => {
        git('init', '--quiet', '--bare')
        mkdirSync(join(root, 'reftable'))
      },
    ],
    ['it is a work tree of another one', () => writeFileSync(join(root, '.git'), 'gitdir: /elsewhere\n')],
    [
      'one is a link to another',
      () => {
        git('init', '--quiet', '--bare')
        writeFileSync(join(root, 'refs/heads/a'), 'ref: refs/heads/b\n')
      },
    ],
  ])('are left to git when %s', async (_, prepare) => {
    prepare()
    expect(await readHeads(root)).toBeUndefined()
  })

  it('attack: a link out of the repository is no branch', async () => {
    git('init', '--quiet', '--bare')
    symlinkSync('/etc/passwd', join(root, 'refs/heads/a'))
    expect(await readHeads(root)).toEqual({ branches: new Map() })
  })
})
