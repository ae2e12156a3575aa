import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deployment, server } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'
import type { Server } from '../../api/v1alpha1/server.ts'

let world: World
beforeEach(() => {
  world = new World()
})
afterEach(() => world.close())

const status = () => (world.get('Server', 'local') as Server).status
const reasons = () => world.events.map(({ reason }) => reason)

describe('a Server', () => {
  it('that answers is Ready, with what is on it', async () => {
    world.put(server('local'))
    await world.settle()
    expect(world.ready('Server', 'local')).toBe('True')
    expect(status()).toMatchObject({
      versions: { docker: '26.1.5', compose: '2.26.1' },
      cpu: { count: 2 },
      memory: { totalBytes: 8e9 },
      disks: [{ mount: '/' }],
      containers: { total: 0 },
    })
  })

  it('that is disabled is never contacted', async () => {
    world.put(server('local', { enabled: false }))
    await world.advance(5 * 60_000)
    expect(world.ready('Server', 'local')).toBe('Disabled')
    expect(world.host().counts.size).toBe(0)
  })

  it('is looked at again and again, and its status is not written for that', async () => {
    world.put(server('local'))
    await world.settle()
    const writes = world.writes
    await world.advance(10 * 60_000)
    expect(world.host().counts.get('status')).toBeGreaterThan(15)
    expect(world.writes).toBe(writes)
  })

  it('that stops answering is noticed at once by its broken event stream, told once, and noticed when it is back', async () => {
    world.put(server('local'))
    await world.settle()
    world.host().unreachable = true
    world.host().breakEvents()
    await world.advance(1_000)
    expect(world.ready('Server', 'local')).toBe('Unreachable')
    await world.advance(5 * 60_000)
    expect(reasons()).toEqual(['Unreachable'])
    world.host().unreachable = false
    await world.advance(20_000)
    expect(world.ready('Server', 'local')).toBe('True')
    expect(reasons()).toEqual(['Unreachable', 'Reachable'])
  })

  it('counts a container that was started or stopped within seconds, with one look for all of a deploy', async () => {
    world.put(server('local'), deployment('web'), deployment('api'))
    await world.settle()
    const looks = world.host().counts.get('status') ?? 0
    await world.advance(4_000)
    expect(status()?.containers).toMatchObject({ total: 2, running: 2 })
    expect((world.host().counts.get('status') ?? 0) - looks).toBe(1)
  })

  it('without statsMonitoring tells no usage', async () => {
    world.put(server('local', { statsMonitoring: false }))
    await world.settle()
    expect(status()?.versions?.docker).toBe('26.1.5')
    expect([status()?.cpu, status()?.memory, status()?.disks]).toEqual([undefined, undefined, undefined])
  })

  it('is not asked for events at a rate that hurts while it is away', async () => {
    world.host().unreachable = true
    let tries = 0
    const host = world.host()
    const events = host.events.bind(host)
    host.events = (signal) => {
      tries++
      return events(signal)
    }
    world.put(server('local'))
    await world.advance(10 * 60_000)
    expect(tries).toBeLessThan(60)
    expect(tries).toBeGreaterThan(10)
  })
})
