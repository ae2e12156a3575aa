import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AgeKey, ageKey, encryptSops } from '../../../test/build/encrypt-sops.ts'
import { composeFile, secret, server, stack } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'
import type { SourceTree } from '../../git/tree.ts'

const url = 'https://git.example.com/acme/app'
const canary = 'canary-tag-7f'

let world: World
let mine: AgeKey
let other: AgeKey
beforeAll(async () => {
  mine = await ageKey()
  other = await ageKey()
})
beforeEach(() => {
  world = new World()
  world.put(server('local'))
})
afterEach(() => world.close())

const put = (files: Record<string, string>, revision: string): void => {
  const tree: SourceTree = {
    revision,
    read: async (path) => (path in files ? Buffer.from(files[path] ?? '') : undefined),
    writeTo: async () => {},
  }
  world.repositories.set(url, tree)
}
const compose = composeFile({ web: { image: `img:${'$'}{TAG}` } })
const encrypted = (values: Record<string, string>, recipient = mine.recipient) =>
  encryptSops('env', values, { recipients: [recipient] })
const withKey = { decryption: { secret: 'sops-age' } }
const declare = (spec: object = {}, operator: object = withKey) =>
  world.put(
    stack('app', {
      fileContents: '',
      gitProvider: 'git.example.com',
      repo: 'acme/app',
      additionalEnvFiles: [{ path: 'app.sops.env', track: true }],
      operator,
      ...spec,
    }),
  )
const identity = (key: AgeKey) => secret('sops-age', { 'me.agekey': key.identity })
const image = async () => (await world.host().engine.inspect('app-web-1'))?.image
const message = () => world.condition('Stack', 'app', 'SourceReady')?.message ?? ''
const shown = () => JSON.stringify([world.stack('app'), world.events])

describe('an env file that SOPS encrypted', () => {
  it('is decrypted for Compose, deploys when a value changes, and shows nowhere', async () => {
    put({ 'compose.yaml': compose, 'app.sops.env': await encrypted({ TAG: canary }) }, 'one')
    world.put(identity(mine))
    declare()
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    expect(await image()).toBe(`img:${canary}`)
    put({ 'compose.yaml': compose, 'app.sops.env': await encrypted({ TAG: `${canary}-2` }) }, 'two')
    await world.advance(6 * 60_000)
    expect(await image()).toBe(`img:${canary}-2`)
    expect(JSON.stringify([world.stack('app').status?.conditions, world.events])).not.toContain(mine.identity)
  })

  it('that was only encrypted anew deploys nothing', async () => {
    put({ 'compose.yaml': compose, 'app.sops.env': await encrypted({ TAG: '1' }) }, 'one')
    world.put(identity(mine))
    declare()
    await world.converge()
    const hash = world.stack('app').status?.deployedHash
    put({ 'compose.yaml': compose, 'app.sops.env': await encrypted({ TAG: '1' }) }, 'two')
    await world.advance(6 * 60_000)
    expect(world.stack('app').status?.deployedHash).toBe(hash)
  })

  it('may be the repository’s own env file', async () => {
    put({ 'compose.yaml': compose, 'prod.env': await encrypted({ TAG: '7' }) }, 'one')
    world.put(identity(mine))
    declare({ additionalEnvFiles: [], envFilePath: 'prod.env' })
    await world.converge()
    expect(await image()).toBe('img:7')
  })

  it('waits for its identity, and goes on when the Secret appears', async () => {
    put({ 'compose.yaml': compose, 'app.sops.env': await encrypted({ TAG: '1' }) }, 'one')
    declare()
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('NoIdentity')
    expect(message()).toContain('there is no Secret "sops-age"')
    world.put(identity(mine))
    await world.settle()
    expect(await image()).toBe('img:1')
  })

  it('may lie on the host', async () => {
    world.host().writeFile('app', 'compose.yaml', compose)
    world.host().writeFile('app', 'app.sops.env', await encrypted({ TAG: '9' }))
    world.put(identity(mine))
    declare({ repo: '', filesOnHost: true, additionalEnvFiles: [{ path: 'app.sops.env', track: false }] })
    await world.converge()
    expect(await image()).toBe('img:9')
  })

  it('is not looked for where nothing may be read: an untracked one outside of the repository is left to Compose', async () => {
    put({ 'compose.yaml': composeFile({ web: { image: 'img:1' } }) }, 'one')
    declare(
      {
        additionalEnvFiles: [
          { path: '../shared.env', track: false },
          { path: '/etc/x.env', track: false },
        ],
      },
      {},
    )
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
  })

  it.each([
    [
      'without operator.decryption never reaches Compose',
      async () => encrypted({ TAG: canary }),
      {},
      'set `operator.decryption.secret`',
    ],
    [
      'for somebody else names whom it is for',
      async () => encrypted({ TAG: canary }, other.recipient),
      withKey,
      'It is encrypted for age1',
    ],
    [
      'that was tampered with is refused',
      async () => `TAG2_unencrypted=x\n${await encrypted({ TAG: canary })}`,
      withKey,
      'its MAC does not match',
    ],
  ])('%s', async (_, text, operator, reason) => {
    put({ 'compose.yaml': compose, 'app.sops.env': await text() }, 'one')
    world.put(identity(mine))
    declare({}, operator)
    await world.converge()
    expect(message()).toContain('the env file app.sops.env is encrypted and cannot be read')
    expect(message()).toContain(reason)
    expect(world.host().engine.names).toEqual([])
    expect(shown()).not.toMatch(/canary|AGE-SECRET/)
  })
})
