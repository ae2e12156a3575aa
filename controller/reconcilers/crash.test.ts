import { afterEach, describe, expect, it } from 'vitest'
import { composeFile, deployment, repo, server, stack } from '../../test/build/objects.ts'
import { ProcessDied, World } from '../../test/build/world.ts'
import { annotation } from '../api/names.ts'

/**
 * Promise 6: the process dies instead of making its n-th status write, for every n that a day in the life of these objects has. What
 * it did on hosts is done and written down nowhere; the next process has to come to the same end, with nothing twice.
 */

let world: World
afterEach(() => world.close())

const dayInTheLife: readonly ((world: World) => void)[] = [
  (w) =>
    w.put(
      server('local'),
      server('second'),
      deployment('db'),
      deployment('api', { after: ['db'] }),
      stack('front', { after: ['api'] }),
      deployment('asked', { deploy: false }, { annotations: { [annotation.deployRequestedAt]: '1' } }),
    ),
  (w) => w.editSpec('Deployment', 'db', { environment: 'A=1' }),
  (w) => w.editSpec('Stack', 'front', { fileContents: composeFile({ web: { image: 'web:2' } }), projectName: 'shop' }),
  (w) => w.editSpec('Deployment', 'api', { server: 'second', customName: 'backend' }),
  (w) => w.annotate('Deployment', 'db', { [annotation.deployRequestedAt]: '2' }),
  (w) => w.delete('Deployment', 'asked'),
]

const end = (w: World) => ({
  local: w.host().engine.names.sort(),
  second: w.host('second').engine.names.sort(),
  ready: [w.ready('Deployment', 'db'), w.ready('Deployment', 'api'), w.ready('Stack', 'front')],
  asked: w.get('Deployment', 'asked'),
  leftovers: w.deployment('api').status?.leftovers,
})

const expected = {
  local: ['db', 'shop-web-1'],
  second: ['backend'],
  ready: ['True', 'True', 'True'],
  asked: undefined,
  leftovers: undefined,
}

/** Lives through the day; dies once at the given write, if there are so many. */
async function live(dieAtWrite: number): Promise<{ died: boolean; writes: number }> {
  world = new World()
  world.dieAtWrite = dieAtWrite
  let writes = 0
  let died = false
  for (const step of dayInTheLife) {
    step(world)
    try {
      await world.converge()
    } catch (error) {
      if (!(error instanceof ProcessDied)) throw error
      died = true
      writes += world.writes
      world = new World(world)
      await world.converge()
    }
  }
  return { died, writes: writes + world.writes }
}

const all = [
  ['Deployment', 'api'],
  ['Stack', 'front'],
  ['Repo', 'clone'],
] as const
const editAll = (spec: { server: string }) => {
  for (const [kind, name] of all) world.editSpec(kind, name, spec)
}
const deleteAll = () => {
  for (const [kind, name] of all) world.delete(kind, name)
}

/** Everything moves to `second`; the process dies at the given write of that, and `edit` happens before the next one looks. */
async function moveTwice(dieAtWrite: number, edit: () => void): Promise<{ writes: number }> {
  const tree = { revision: 'c1', read: async () => undefined, writeTo: async () => {} }
  const start = (before?: World) => {
    world = new World(before)
    world.repositories.set('https://github.com/acme/clone', tree)
  }
  start()
  world.put(server('local'), server('second'), server('third'))
  world.put(deployment('api'), stack('front'), repo('clone', { server: 'local' }))
  await world.converge()
  const before = world.writes
  world.dieAtWrite = before + dieAtWrite
  editAll({ server: 'second' })
  await world.converge().catch((error: unknown) => {
    if (!(error instanceof ProcessDied)) throw error
  })
  const writes = world.writes - before
  start(world)
  edit()
  await world.advance(20 * 60_000)
  return { writes }
}

describe('a process that dies between any two effects', () => {
  it('leaves nothing behind that the next one does not put right', async () => {
    const { writes } = await live(Number.POSITIVE_INFINITY)
    expect(end(world)).toEqual(expected)
    for (let n = 0; n < writes; n++) {
      world.close()
      const { died } = await live(n)
      expect({ n, died, ...end(world) }).toEqual({ n, died: true, ...expected })
    }
  }, 60_000)

  it.each([
    { what: 'moves back', edit: () => editAll({ server: 'local' }), local: ['api', 'front-web-1'], clone: 'local' },
    { what: 'moves on', edit: () => editAll({ server: 'third' }), third: ['api', 'front-web-1'], clone: 'third' },
    { what: 'is deleted', edit: deleteAll },
  ])('leaves nothing at a new place when all $what before the next one looks', async (then) => {
    const { writes } = await moveTwice(Number.POSITIVE_INFINITY, then.edit)
    expect(writes).toBeGreaterThan(6)
    for (let n = 0; n < writes; n++) {
      world.close()
      await moveTwice(n, then.edit)
      const names = (host: string) => world.host(host).engine.names.toSorted()
      const clones = ['local', 'second', 'third'].filter((host) => world.host(host).repos.size > 0)
      const { local = [], third = [], clone } = then
      expect({ n, local: names('local'), second: names('second'), third: names('third'), clones }).toEqual({
        n,
        local,
        second: [],
        third,
        clones: clone === undefined ? [] : [clone],
      })
    }
  })

  it('does not deploy again what was deployed', async () => {
    world = new World()
    world.put(server('local'), deployment('web'), stack('app'))
    await world.converge()
    const before = { commands: world.host().commandCount, id: (await world.host().engine.inspect('web'))?.id }
    world = new World(world)
    await world.converge()
    expect({ commands: world.host().commandCount, id: (await world.host().engine.inspect('web'))?.id }).toEqual(before)
  })
})
