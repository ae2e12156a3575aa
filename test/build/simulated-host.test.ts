import { describe, expect, it } from 'vitest'
import { HostUnreachableError } from '../../controller/hosts/port.ts'
import { describeHost } from '../conformance/hosts.ts'
import { composeRequest } from './container-request.ts'
import { SimulatedHost } from './simulated-host.ts'

describeHost('the simulated host', async () => {
  const host = new SimulatedHost()
  const images = {
    shell: 'shell',
    healthy: 'web:1',
    healthier: 'web:2',
    neverHealthy: 'web:broken',
    missing: 'missing:1',
    sleep: 'sleep',
    fail: 'fail',
    done: 'done',
    cannotStart: 'cannot-start',
  }
  host.engine.images.set('web:1', { health: { becomes: 'healthy', afterMs: 20 } })
  host.engine.images.set('web:broken', { health: { becomes: 'unhealthy', afterMs: 20 } })
  host.engine.missingImages.add('missing:1')
  host.engine.commands.set('fail', { exits: 3, log: ['oops'] })
  host.engine.commands.set('done', { exits: 0 })
  host.engine.commands.set('cannot-start', { startError: 'exec: "cannot-start": executable file not found in $PATH' })
  return {
    host,
    images,
    name: (suffix) => `sim-${suffix}`,
    runByHand: async (name, image) => {
      await host.engine.create(name, { Image: image })
      await host.engine.start(name)
    },
    removeByHand: (name) => host.engine.remove(name),
    stopByHand: (name) => host.engine.stop(name),
    containers: async (prefix) => host.engine.names.filter((name) => name.startsWith(prefix)),
    clean: async () => {
      for (const name of host.engine.names) await host.engine.remove(name)
    },
    dispose: async () => {},
  }
})

describe('a script for the simulated host', () => {
  const signal = AbortSignal.timeout(60_000)

  it('lets the next calls fail, in order, and then succeed', async () => {
    const host = new SimulatedHost()
    host.failNext('status', new Error('one'), new Error('two'))
    await expect(host.status(signal)).rejects.toThrow('one')
    await expect(host.status(signal)).rejects.toThrow('two')
    expect((await host.status(signal)).dockerVersion).toBe('26.1.5')
    expect(host.counts.get('status')).toBe(3)
    expect(host.commandCount).toBe(0)
  })

  it('lets nobody answer', async () => {
    const host = new SimulatedHost()
    host.unreachable = true
    await expect(host.status(signal)).rejects.toBeInstanceOf(HostUnreachableError)
  })

  it('lets a call hang until it is aborted', async () => {
    const host = new SimulatedHost()
    host.hanging.add('composeUp')
    const up = host.composeUp(composeRequest('services: {}'), AbortSignal.timeout(20))
    await expect(up).rejects.toMatchObject({ name: 'AbortError' })
  })
})
