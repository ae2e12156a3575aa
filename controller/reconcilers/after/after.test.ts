import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeFile, deployment, server, stack } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'
import { annotation } from '../../api/names.ts'

let world: World
beforeEach(() => {
  world = new World()
  world.put(server('local'), server('second'))
})
afterEach(() => world.close())

const startedAt = async (name: string, host = 'local') =>
  Date.parse((await world.host(host).engine.inspect(name))?.startedAt ?? '')
const idOf = async (name: string) => (await world.host().engine.inspect(name))?.id
const message = (name: string) => world.condition('Deployment', name, 'Deployed')?.message

describe('after', () => {
  it('waits until the parent is Ready, over kinds and servers, both ways round', async () => {
    world.host('second').engine.images.set('db:1', { health: { becomes: 'healthy', afterMs: 15_000 } })
    world.put(
      deployment('api', { after: ['db'] }),
      stack('db', { server: 'second', fileContents: composeFile({ db: {} }) }),
      stack('front', { after: ['api'] }),
    )
    await world.advance(10_000)
    expect(world.ready('Deployment', 'api')).toBe('ParentNotReady')
    expect(message('api')).toContain('Stack "db"')
    expect(world.host().engine.names).toEqual([])
    await world.converge()
    expect(['api', 'front'].map((name) => world.ready(name === 'api' ? 'Deployment' : 'Stack', name))).toEqual([
      'True',
      'True',
    ])
    expect(await startedAt('api')).toBeGreaterThan(await startedAt('db-db-1', 'second'))
    expect(await startedAt('front-web-1')).toBeGreaterThan(await startedAt('api'))
  })

  it('understands names as they were written before Komodo changed them', async () => {
    world.put(deployment('front', { after: ['My Web', 'My Data'] }), deployment('aa', { after: ['front'] }))
    await world.advance(1000)
    expect(message('front')).toContain('"My Web"')
    world.put(
      deployment('my-web', {}, { annotations: { [annotation.name]: 'My_Web' } }),
      stack('my-data', { fileContents: composeFile({ data: {} }) }, { annotations: { [annotation.name]: 'my_data' } }),
    )
    await world.converge()
    expect(['front', 'aa'].map((name) => world.ready('Deployment', name))).toEqual(['True', 'True'])
  })

  it('deploys the dependants of what is deployed anew, and theirs', async () => {
    world.put(
      deployment('aa'),
      deployment('bb', { after: ['aa'] }),
      deployment('cc', { after: ['bb'] }),
      deployment('dd'),
    )
    await world.converge()
    const before = await Promise.all(['bb', 'cc', 'dd'].map(idOf))
    world.editSpec('Deployment', 'aa', { environment: 'X=1' })
    await world.converge()
    const now = await Promise.all(['bb', 'cc', 'dd'].map(idOf))
    expect([now[0] === before[0], now[1] === before[1], now[2] === before[2]]).toEqual([false, false, true])
    expect(world.deployment('bb').status?.lastDeploy?.reason).toBe(
      'Deployment "aa", which it comes after, was deployed',
    )
  })

  it('deploys them when the parent was only asked to deploy again', async () => {
    world.put(deployment('aa'), deployment('bb', { after: ['aa'] }))
    await world.converge()
    const before = await idOf('bb')
    world.annotate('Deployment', 'aa', { [annotation.deployRequestedAt]: '1' })
    await world.converge()
    expect(await idOf('bb')).not.toBe(before)
  })

  it('leaves dependants alone when a parent crashes or is removed and heals', async () => {
    world.put(deployment('aa'), deployment('bb', { after: ['aa'] }))
    await world.converge()
    const before = await idOf('bb')
    world.host().engine.exit('aa', 1)
    await world.converge()
    await world.host().engine.remove('aa')
    await world.converge()
    expect(await idOf('bb')).toBe(before)
    expect(world.ready('Deployment', 'bb')).toBe('True')
  })

  it('heals a dependant although its parent is broken', async () => {
    world.put(deployment('aa'), deployment('bb', { after: ['aa'] }))
    await world.converge()
    world.host().engine.images.set('nginx:1.27', { exits: 1 })
    world.host().engine.exit('aa', 1)
    await world.advance(5_000)
    world.host().engine.images.delete('nginx:1.27')
    await world.host().engine.remove('bb')
    await world.settle()
    expect(world.host().engine.names).toContain('bb')
  })

  it('that is new or gone makes nothing anew', async () => {
    world.put(deployment('aa'), deployment('bb'))
    await world.converge()
    const before = await idOf('bb')
    world.editSpec('Deployment', 'bb', { after: ['aa'] })
    await world.converge()
    expect(world.deployment('bb').status?.parents).toMatchObject([{ kind: 'Deployment', name: 'aa' }])
    world.editSpec('Deployment', 'bb', { after: [] })
    await world.converge()
    expect(await idOf('bb')).toBe(before)
  })

  it('in a circle is an error on each member, and stops nobody else', async () => {
    world.put(
      deployment('aa', { after: ['bb'] }),
      deployment('bb', { after: ['cc'] }),
      stack('cc', { after: ['aa'] }),
      deployment('free'),
      deployment('behind', { after: ['aa'] }),
    )
    await world.converge()
    expect(['aa', 'bb'].map((name) => world.ready('Deployment', name))).toEqual(['DependencyCycle', 'DependencyCycle'])
    expect(world.ready('Stack', 'cc')).toBe('DependencyCycle')
    expect(message('aa')).toContain('Deployment "aa" -> Deployment "bb" -> Stack "cc" -> Deployment "aa"')
    expect(world.ready('Deployment', 'free')).toBe('True')
    expect(world.ready('Deployment', 'behind')).toBe('ParentNotReady')
    world.editSpec('Stack', 'cc', { after: [] })
    await world.converge()
    expect(['aa', 'bb', 'behind'].map((name) => world.ready('Deployment', name))).toEqual(['True', 'True', 'True'])
  })

  it('K 3.6k: itself is an error, not an endless loop', async () => {
    world.put(deployment('aa', { after: ['aa'] }))
    await world.converge()
    expect(world.ready('Deployment', 'aa')).toBe('DependencyCycle')
  })

  it('that names nothing waits and says so, and goes on when it is declared', async () => {
    world.put(deployment('bb', { after: ['aa'] }))
    await world.converge()
    expect(world.ready('Deployment', 'bb')).toBe('ParentNotFound')
    expect(message('bb')).toContain('"aa"')
    world.put(deployment('aa'))
    await world.converge()
    expect(world.ready('Deployment', 'bb')).toBe('True')
  })

  it('of a parent with deploy = false holds nobody up', async () => {
    world.put(deployment('aa', { deploy: false }), deployment('bb', { after: ['aa'] }))
    await world.converge()
    expect(world.ready('Deployment', 'bb')).toBe('True')
  })

  it('means the object of the other kind when a name is used twice', async () => {
    world.put(deployment('web', { after: ['web'] }), stack('web', { projectName: 'web-stack' }))
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
  })
})
