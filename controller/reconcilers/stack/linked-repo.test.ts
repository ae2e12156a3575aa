import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeFile, repo, server, stack } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'
import { annotation } from '../../api/names.ts'
import type { SourceTree } from '../../git/tree.ts'

const url = 'https://github.com/acme/infra'
let world: World
beforeEach(() => {
  world = new World()
  world.put(server('local'), server('other'))
  push({ 'a/compose.yaml': composeFile({ a: {} }), 'b/compose.yaml': composeFile({ b: {} }) })
})
afterEach(() => world.close())

let commits = 0
/** Another commit of the repository that all share. */
function push(files: Readonly<Record<string, string>>): void {
  const tree: SourceTree = {
    revision: `${++commits}`.padStart(40, 'c'),
    read: async (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
    writeTo: async () => {},
  }
  world.repositories.set(url, tree)
}

const linked = (name: string, spec = {}) =>
  stack(name, { fileContents: '', linkedRepo: 'infra', runDirectory: name, ...spec })
const ups = (host = 'local') => world.host(host).counts.get('composeUp') ?? 0

describe('a Stack with linked_repo', () => {
  it('waits for the Repo, says so, and is deployed by itself once it appears', async () => {
    world.put(linked('a'))
    await world.converge()
    expect(world.condition('Stack', 'a', 'SourceReady')).toMatchObject({
      status: 'False',
      reason: 'RepoNotFound',
      message: 'there is no Repo "infra" in namespace default: declare it, or correct `linkedRepo`',
    })
    world.put(repo('infra'))
    await world.advance(5_000)
    expect(world.ready('Stack', 'a')).toBe('True')
  })

  it('takes provider, branch and commit of the Repo, not its own', async () => {
    world.repositories.clear()
    world.repositories.set('http://git.lan:3000/acme/infra', {
      revision: 'c1',
      read: async () => Buffer.from(composeFile({ a: {} })),
      writeTo: async () => {},
    })
    world.put(repo('infra', { gitProvider: 'git.lan:3000', gitHttps: false, branch: 'live' }))
    world.put(linked('a', { repo: 'somebody/else', branch: 'main' }))
    await world.converge()
    expect(world.ready('Stack', 'a')).toBe('True')
    expect(world.opened.at(-1)).toMatchObject({ url: 'http://git.lan:3000/acme/infra', branch: 'live' })
  })

  it.each(['Infra Repo', 'infra', '65a1b2c3d4e5f60718293a4b'])('may name the Repo as %s', async (linkedRepo) => {
    const annotations = { [annotation.name]: 'Infra Repo', [annotation.id]: '65a1b2c3d4e5f60718293a4b' }
    world.put(repo('infra', { repo: 'acme/infra' }, { annotations }), linked('a', { linkedRepo }))
    await world.converge()
    expect(world.ready('Stack', 'a')).toBe('True')
  })

  it('that names a Repo by an id that nothing has is told to write the name', async () => {
    world.put(linked('a', { linkedRepo: '65a1b2c3d4e5f60718293a4b' }))
    await world.converge()
    expect(world.condition('Stack', 'a')?.message).toContain(
      'this looks like an id of a Komodo database: write the name of the Repo in `linkedRepo`',
    )
  })

  it('K#865: is deployed by a push although the Repo belongs to another server', async () => {
    world.put(repo('infra', { server: 'other' }), linked('a'))
    await world.converge()
    push({ 'a/compose.yaml': composeFile({ a: { image: 'a:2' } }) })
    world.annotate('Repo', 'infra', { [annotation.requestedAt]: 'now' })
    await world.converge()
    expect(world.stack('a').status?.services).toMatchObject([{ image: 'a:2' }])
    expect(ups()).toBe(2)
  })

  it('K#956: follows the branch of the Repo when that changes', async () => {
    world.put(repo('infra'), linked('a', { branch: 'another' }))
    await world.converge()
    world.editSpec('Repo', 'infra', { branch: 'live' })
    await world.settle()
    expect(world.opened.at(-1)?.branch).toBe('live')
    expect(world.ready('Stack', 'a')).toBe('True')
  })

  it('K#100, K#1037: many of one repository cost one fetch, and a push deploys those alone whose files it changed', async () => {
    world.put(repo('infra'))
    for (let i = 0; i < 20; i++) world.put(linked(`s${i}`, { runDirectory: i === 7 ? 'a' : 'b' }))
    await world.converge()
    expect(ups()).toBe(20)
    const [before, unchanged] = [world.fetches, world.stack('s1').status?.revision]
    push({ 'a/compose.yaml': composeFile({ a: { image: 'a:2' } }), 'b/compose.yaml': composeFile({ b: {} }) })
    world.annotate('Repo', 'infra', { [annotation.requestedAt]: 'now' })
    await world.settle()
    expect(world.fetches - before).toBeLessThanOrEqual(2)
    expect(ups()).toBe(21)
    expect(world.stack('s7').status?.services).toMatchObject([{ image: 'a:2' }])
    expect(world.stack('s1').status?.revision).toBe(unchanged)
  })
})
