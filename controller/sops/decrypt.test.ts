import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type AgeKey, ageKey, type EncryptOptions, encryptSops, type Plain } from '../../test/build/encrypt-sops.ts'
import { decryptFile, MAX_FILE_BYTES } from './decrypt.ts'
import type { SopsError } from './errors.ts'
import { identitiesOf } from './identities.ts'

const testdata = path.join(import.meta.dirname, 'testdata')
const real = (file: string): Uint8Array => readFileSync(path.join(testdata, file))
const realIdentities = identitiesOf('sops-age', new Map([['age.agekey', real('age.txt').toString()]]))

let mine: AgeKey
let other: AgeKey
beforeAll(async () => {
  mine = await ageKey()
  other = await ageKey()
})

const decrypt = async (file: string, text: string | Uint8Array, identities = [mine.identity]) =>
  Object.fromEntries(
    (await decryptFile(file, typeof text === 'string' ? Buffer.from(text) : text, identities)).map(({ key, value }) => [
      key,
      value,
    ]),
  )
const encrypt = (
  format: 'yaml' | 'json' | 'env',
  values: Readonly<Record<string, Plain>>,
  options: Partial<EncryptOptions> = {},
) => encryptSops(format, values, { recipients: [mine.recipient], ...options })
const failure = (file: string, text: string | Uint8Array, identities = [mine.identity]): Promise<SopsError> =>
  decrypt(file, text, identities).then(
    (values) => expect.fail(`it was decrypted: ${Object.keys(values)}`),
    (error: SopsError) => error,
  )

describe('files that SOPS itself made', () => {
  it.each([
    ['age.yaml', { apiVersion: 'v1', kind: 'Secret', metadata: undefined, stringData: undefined }],
    ['age.env', { key: 'value' }],
    ['age.json', { data: 'value' }],
  ])('are read and found unchanged: %s', async (file, values) => {
    expect(await decrypt(file, real(file), [...realIdentities])).toEqual(values)
  })

  it('are refused when a plain value was changed', async () => {
    const text = real('age.yaml').toString().replace('name: age', 'name: evil')
    expect(await failure('age.yaml', text, [...realIdentities])).toMatchObject({ reason: 'Tampered' })
  })
})

describe('a file', () => {
  const values = { TOKEN: 'hunter22', PORT: 8080, RATIO: 0.25, DEBUG: true, EMPTY: '', LINES: 'a\nb\n', NONE: null }
  const texts = { TOKEN: 'hunter22', PORT: '8080', RATIO: '0.25', DEBUG: 'true', EMPTY: '', LINES: 'a\nb\n' }

  it.each(['yaml', 'json'] as const)('of %s gives the texts of all its types', async (format) => {
    expect(await decrypt(`x.${format}`, await encrypt(format, values))).toEqual({ ...texts, NONE: undefined })
  })

  it('of dotenv gives texts, quotes included', async () => {
    const text = await encrypt('env', { A: '"x y"', B: 'a\nb', C: '' })
    expect(await decrypt('x.env', text)).toEqual({ A: '"x y"', B: 'a\nb', C: '' })
  })

  it('says at which line a key stands', async () => {
    const entries = await decryptFile('x.yaml', Buffer.from(`# note\n${await encrypt('yaml', values)}`), [
      mine.identity,
    ])
    expect(entries.slice(0, 3).map(({ key, line }) => [key, line])).toEqual([
      ['TOKEN', 2],
      ['PORT', 3],
      ['RATIO', 4],
    ])
  })

  it('for several people opens with the identity of each, among others', async () => {
    const text = await encrypt('yaml', values, { recipients: [other.recipient, mine.recipient] })
    const stranger = await ageKey()
    for (const { identity } of [mine, other]) {
      expect(await decrypt('x.yaml', text, [stranger.identity, identity])).toMatchObject({ TOKEN: 'hunter22' })
    }
  })

  it.each<[string, EncryptOptions['rule']]>([
    ['encrypted_suffix', { encrypted_suffix: '_secret' }],
    ['unencrypted_suffix', { unencrypted_suffix: '_plain' }],
    ['encrypted_regex', { encrypted_regex: '^(inner|x_secret)$' }],
    ['unencrypted_regex', { unencrypted_regex: '_plain$' }],
  ])('with a rule of what is encrypted (%s) is read by it', async (_, rule) => {
    const mixed = {
      a_plain: 1.5,
      small_plain: 1.5e-9,
      x_secret: 's',
      t: { inner: [1, 'z'] },
    }
    for (const macOnlyEncrypted of [false, true]) {
      const text = await encrypt('yaml', mixed, { macOnlyEncrypted, ...(rule ? { rule } : {}) })
      expect(await decrypt('x.yaml', text)).toMatchObject({ a_plain: '1.5', x_secret: 's', t: undefined })
    }
  })

  it('with an expression of what is encrypted may have as many keys as any: thirty were too many', async () => {
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [i % 2 === 0 ? `K${i}` : `k${i}`, `v${i}`]))
    const text = await encrypt('yaml', many, { rule: { encrypted_regex: '^K' } })
    expect(await decrypt('x.yaml', text)).toEqual(many)
  })

  it('of any texts gives them back (property)', async () => {
    const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/).filter((key) => !key.startsWith('SOPS'))
    const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => value.isWellFormed())
    const dictionary = fc.dictionary(name, text, { minKeys: 1, maxKeys: 4, noNullPrototype: true })
    await fc.assert(
      fc.asyncProperty(dictionary, fc.constantFrom('yaml' as const, 'json' as const), async (plain, format) => {
        expect(await decrypt(`x.${format}`, await encrypt(format, plain))).toEqual(plain)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a file is refused', () => {
  const values = { A: 'v-one', B: 'v-two', open_unencrypted: 'seen', L: ['x', 'y'] }
  const swapped = (text: string): string => {
    const [a = '', b = '', ...rest] = text.split('\n')
    return [a.replace('A:', 'B:'), b.replace('B:', 'A:'), ...rest].join('\n')
  }
  it.each<[string, (text: string) => string, string]>([
    ['when a value was put under another key', swapped, 'the value of "B" was changed without SOPS'],
    ['when a plain value was changed', (text) => text.replace('seen', 'evil'), 'its MAC does not match'],
    ['when a key was removed', (text) => text.replace(/^B:.*\n/m, ''), 'its MAC does not match'],
    ['when a key was added', (text) => `NEW_unencrypted: x\n${text}`, 'its MAC does not match'],
    [
      'when a value was written in the clear',
      (text) => text.replace(/^B:.*/m, 'B: mine'),
      'should be encrypted and is not',
    ],
    ['when a value was emptied', (text) => text.replace(/^B:.*/m, 'B: ""'), 'its MAC does not match'],
    [
      'when the items of a list were turned round',
      (text) => text.replace(/( {2}- .*\n)( {2}- .*\n)/, '$2$1'),
      'its MAC does not match',
    ],
    ['when its rule was changed', (text) => text.replace('_unencrypted\n', '_x\n'), 'should be encrypted and is not'],
    ['when its date was changed', (text) => text.replace('03:04:05', '03:04:06'), 'its MAC was changed'],
    ['when its MAC is gone', (text) => text.replace(/^ {2}mac:.*\n/m, ''), 'lack `mac`'],
    ['when a tag was cut short', (text) => text.replace(/tag:[^,]+/, 'tag:AAAA'), 'the wrong length'],
    ['when it is not encrypted', () => 'A: one\n', 'not encrypted with SOPS'],
    ['when it is a list', () => '- a\n', 'no table'],
    ['when it is empty', () => '', 'the file is empty'],
    ['when it is no YAML', () => 'A: [hunter22\nB: "', 'it is no YAML'],
    ['when it holds aliases', () => 'A: &x one\nB: *x\n', 'aliases'],
    ['when it holds two documents', () => 'A: 1\n---\nB: 2\n', 'several YAML documents'],
    ['when it is nested without end', () => `A: ${'['.repeat(200)}${']'.repeat(200)}`, 'nested deeper'],
  ])('%s', async (_, change, message) => {
    const error = await failure('x.yaml', change(await encrypt('yaml', values)))
    expect(error).toMatchObject({ name: 'SopsError', message: expect.stringContaining(message) })
    expect(`${error.message}${error.stack}`).not.toMatch(/v-one|v-two|hunter22/)
  })

  it('when no identity opens it, with the names of those that would', async () => {
    const error = await failure('x.yaml', await encrypt('yaml', values), [other.identity])
    expect(error.reason).toBe('NoMatchingKey')
    expect(error.message).toContain(`It is encrypted for ${mine.recipient}`)
    expect(error.message).not.toContain(other.identity)
  })

  it('when it is encrypted for PGP alone', async () => {
    const metadata = (sops: Record<string, unknown>) => Object.assign(sops, { age: [], pgp: [{ fp: 'x', enc: 'y' }] })
    const error = await failure('x.yaml', await encrypt('yaml', values, { metadata }))
    expect(error).toMatchObject({ reason: 'NoMatchingKey', message: expect.stringContaining('for pgp alone') })
  })

  it('when its name says nothing of its format', async () => {
    expect((await failure('x.toml', await encrypt('yaml', values))).message).toContain(
      'none of .yaml, .yml, .json and .env',
    )
  })

  it('when it is too large, before it is read', async () => {
    expect(await failure('x.yaml', new Uint8Array(MAX_FILE_BYTES + 1))).toMatchObject({ reason: 'TooLarge' })
  })

  it('when it is not UTF-8', async () => {
    expect(await failure('x.yaml', Buffer.from([0x41, 0xff]))).toMatchObject({ reason: 'Corrupted' })
  })

  it('when its expression never ends, soon', async () => {
    const key = 'a'.repeat(40)
    const rule = { encrypted_regex: '^(a+)+$' }
    const text = (await encrypt('yaml', { x: '1' }, { rule: { encrypted_regex: '^x$' } }))
      .replace('^x$', rule.encrypted_regex)
      .replace(/^x:/m, `${key}!:`)
    const started = performance.now()
    expect(await failure('x.yaml', text)).toMatchObject({ reason: 'Unsupported' })
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it('and never breaks, whatever bytes it holds (property)', async () => {
    const good = await encrypt('yaml', values)
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.string({ maxLength: 5 }), async (at, put) => {
        const text = good.slice(0, at) + put + good.slice(at + put.length)
        const result = await decrypt('x.yaml', text).catch((error: SopsError) => error)
        if (!(result instanceof Error)) expect(result).toMatchObject({ A: 'v-one', B: 'v-two' })
        else expect(result.name).toBe('SopsError')
      }),
      { numRuns: 150 },
    )
  })
})

describe('the identities of a Secret', () => {
  const identities = (data: Record<string, string>) => identitiesOf('sops-age', new Map(Object.entries(data)))

  it('are all lines of its .agekey keys that are no comments', () => {
    const text = `# created: now\n# public key: ${mine.recipient}\n${mine.identity}\r\n`
    expect(identities({ 'a.agekey': text, 'b.agekey': other.identity, 'other.txt': 'x' })).toEqual([
      mine.identity,
      other.identity,
    ])
  })

  it.each([
    ['none are there', { password: 'AGE-SECRET-KEY-1QQ' }, 'holds no age identity'],
    [
      'a line is something else',
      { 'a.agekey': 'hunter22' },
      'key "a.agekey" of Secret "sops-age" holds a line that is no age identity',
    ],
  ])('are asked for when %s, without showing anything', (_, data, message) => {
    expect(() => identities(data)).toThrow(message)
    expect(() => identities(data)).not.toThrow(/hunter22|KEY-1QQ/)
  })

  it('that are damaged are named as such', async () => {
    const damaged = mine.identity.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q'))
    const error = await failure('x.yaml', await encrypt('yaml', { A: 'x' }), [damaged])
    expect(error).toMatchObject({ reason: 'NoIdentity' })
    expect(error.message).not.toContain(damaged)
  })
})
