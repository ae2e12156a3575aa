import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/build/fake-clock.ts'
import type { ThingApi } from '../../test/harness/thing-api.ts'
import { startThingApi } from '../../test/harness/thing-api.ts'
import { leaseType } from '../kube/builtin-types.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Leadership } from './leader-election.ts'
import { becomeLeader } from './leader-election.ts'
import { silentLogger } from './logger.ts'

let api: ThingApi
beforeAll(async () => {
  api = await startThingApi()
})
afterAll(() => api.close())

let leases = 0
const replicas = () => {
  const clock = new FakeClock()
  const name = `lease-${leases++}`
  const stop = new AbortController()
  const join = (identity: string, client: KubeClient = api.client) => {
    const state: { leadership?: Leadership; lost?: boolean } = {}
    const options = { client, namespace: 'default', name, identity, clock, random: () => 0, logger: silentLogger }
    void becomeLeader(options, stop.signal).then(
      (leadership) => {
        state.leadership = leadership
        void leadership.lost.then(() => {
          state.lost = true
        })
      },
      () => {},
    )
    return state
  }
  /** In small steps, with time for the real API to answer. */
  const pass = async (seconds: number): Promise<void> => {
    for (let step = 0; step < seconds * 2; step++) {
      await clock.advance(500)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  return { join, pass, stop: () => stop.abort(), name }
}

describe('leader election', () => {
  it('lets one replica lead, and keeps it so while it renews', async () => {
    const { join, pass, stop, name } = replicas()
    const first = join('one')
    await pass(1)
    const second = join('two')
    await pass(60)
    expect([first.leadership !== undefined, first.lost, second.leadership]).toEqual([true, undefined, undefined])
    const lease = await api.client.get(leaseType, { namespace: 'default', name })
    expect(lease.spec).toMatchObject({ holderIdentity: 'one', leaseDurationSeconds: 15, leaseTransitions: 0 })
    stop()
  })

  it('hands over at once when the leader stops', async () => {
    const { join, pass, stop, name } = replicas()
    const first = join('one')
    await pass(1)
    const second = join('two')
    await pass(3)
    await first.leadership?.release()
    await pass(5)
    expect([first.lost, second.leadership !== undefined]).toEqual([undefined, true])
    expect((await api.client.get(leaseType, { namespace: 'default', name })).spec).toMatchObject({
      leaseTransitions: 1,
    })
    stop()
  })

  it('stops leading before another can begin when the API does not answer the leader', async () => {
    const { join, pass, stop } = replicas()
    let cut = false
    const cuttable = api.clientOver((plain) => ({
      ...plain,
      request: (request) => (cut ? Promise.reject(new Error('no route to host')) : plain.request(request)),
    }))
    const first = join('one', cuttable)
    await pass(1)
    const second = join('two')
    await pass(4)
    cut = true
    for (let seconds = 0; seconds < 60 && second.leadership === undefined; seconds++) {
      await pass(1)
      if (second.leadership !== undefined) expect(first.lost).toBe(true)
    }
    expect([first.lost, second.leadership !== undefined]).toEqual([true, true])
    stop()
  })
})
