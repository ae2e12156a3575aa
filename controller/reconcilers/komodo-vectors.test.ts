import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeFile, deployment, server, stack } from '../../test/build/objects.ts'
import { World } from '../../test/build/world.ts'

/** Rows of Komodo's behaviour that the reconcilers decide; docs/komodo-vectors.md says where the others are. */

let world: World
beforeEach(() => {
  world = new World()
  world.put(server('local'))
})
afterEach(() => world.close())

const ready = (name: string) => world.ready('Deployment', name)
const broken = 'broken:1'

describe('V 2.8 and 2.9, as far as hosts decide', () => {
  it('a deploy failed because the server is unreachable: ours: it stays not Ready and says why, until it went through', async () => {
    await world.settle()
    world.host().unreachable = true
    world.host().breakEvents()
    await world.advance(60_000)
    world.put(deployment('web'))
    await world.converge()
    expect(ready('web')).toBe('ServerNotReady')
    world.host().unreachable = false
    await world.converge()
    expect(ready('web')).toBe('True')
  })

  it('stack refers to server that is not declared and does not exist: that one waits, the others go on; it follows by itself', async () => {
    world.put(stack('lost', { server: 'nowhere' }), deployment('web'))
    await world.converge()
    expect(world.condition('Stack', 'lost')?.message).toContain('there is no Server "nowhere"')
    expect(ready('web')).toBe('True')
    world.put(server('nowhere'))
    await world.converge()
    expect(world.ready('Stack', 'lost')).toBe('True')
  })
})

describe('V 3.6, as far as hosts decide', () => {
  it('D1, D2 independent; D1 Err in round 1; D3 after D2: ours: D3 is deployed, it has nothing to do with D1', async () => {
    world.host().engine.images.set(broken, { exits: 1 })
    world.put(deployment('d1', { image: broken }), deployment('d2'), deployment('d3', { after: ['d2'] }))
    await world.converge()
    expect(['d1', 'd2', 'd3'].map(ready)).toEqual(['DidNotStart', 'True', 'True'])
  })
})

describe('weaknesses of Komodo that need a host to show', () => {
  it('§27.5 a deploy that ran and failed does not count as one: what comes after it waits', async () => {
    world.host().engine.images.set(broken, { exits: 1 })
    world.put(deployment('db', { image: broken }), deployment('api', { after: ['db'] }))
    await world.converge()
    expect(ready('api')).toBe('ParentNotReady')
    expect(world.host().engine.names).not.toContain('api')
  })

  it('§27.5 "deployed" means healthy, not that a command returned', async () => {
    world.host().engine.images.set('db:1', { health: { becomes: 'healthy', afterMs: 15_000 } })
    world.put(stack('db', { fileContents: composeFile({ db: {} }) }), deployment('api', { after: ['db'] }))
    await world.advance(10_000)
    expect(world.host().engine.names).toEqual(['db-db-1'])
    await world.converge()
    expect(ready('api')).toBe('True')
  })

  it('§27.5 a parent that keeps failing does not deploy its healthy dependants again and again', async () => {
    world.put(deployment('db'), deployment('api', { after: ['db'] }))
    await world.converge()
    const before = (await world.host().engine.inspect('api'))?.id
    world.host().engine.images.set(broken, { exits: 1 })
    world.editSpec('Deployment', 'db', { image: { type: 'Image', params: { image: broken } } })
    await world.advance(10 * 60_000)
    expect(ready('db')).toBe('RolledBack')
    expect((await world.host().engine.inspect('api'))?.id).toBe(before)
  })

  it('§27.14 what depends on something that failed waits and says on whom; the others go on', async () => {
    world.put(deployment('lost', { server: 'nowhere' }), deployment('waits', { after: ['lost'] }), deployment('free'))
    await world.converge()
    expect(['lost', 'waits', 'free'].map(ready)).toEqual(['ServerNotFound', 'ParentNotReady', 'True'])
    expect(world.condition('Deployment', 'waits')?.message).toContain('Deployment "lost"')
  })

  it('§27.1 a Deployment of a Build is never deployed anew to the version that it has already', async () => {
    world.put(deployment('web'))
    world.editSpec('Deployment', 'web', { image: { type: 'Build', params: { build: 'app', version: '1.2.3' } } })
    await world.converge()
    // Builds run with a later version of this project; until then it says so, and touches nothing.
    expect(world.condition('Deployment', 'web')?.message).toMatch(/Build/)
    expect(world.host().engine.names).toEqual([])
  })
})
