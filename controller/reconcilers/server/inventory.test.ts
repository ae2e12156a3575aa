import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deployment, NAMESPACE, server } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'
import { type FoundContainer, INVENTORY_KEY } from '../../api/found-container.ts'
import { annotation } from '../../api/names.ts'
import type { Server } from '../../api/v1alpha1/server.ts'

let world: World
beforeEach(async () => {
  world = new World()
  world.put(server('local'), deployment('declared'))
  await world.host().engine.create('by-hand', { Image: 'nginx:1.27' })
  await world.converge()
})
afterEach(() => world.close())

const secret = () => world.secrets.get({ namespace: NAMESPACE, name: 'local-inventory' })
const status = () => (world.get('Server', 'local') as unknown as Server).status?.inventory
const ask = (value: string) => world.annotate('Server', 'local', { [annotation.inventoryRequestedAt]: value })
const names = (): string[] => {
  const bytes = Buffer.from(secret()?.data?.[INVENTORY_KEY] ?? '', 'base64')
  return (JSON.parse(gunzipSync(bytes).toString()) as FoundContainer[]).map(({ name }) => name)
}

describe('the inventory of a server', () => {
  it('is not made until somebody asks', () => {
    expect(secret()).toBeUndefined()
    expect(world.host().counts.get('inventory')).toBeUndefined()
  })

  it('is a Secret with the containers that nobody declared, and goes with the Server', async () => {
    ask('one')
    await world.settle()
    expect(names()).toEqual(['by-hand'])
    expect(secret()?.metadata.ownerReferences).toMatchObject([{ kind: 'Server', name: 'local' }])
    expect(status()).toMatchObject({ requestedAt: 'one', containers: 1 })
  })

  it('is made once for each question', async () => {
    ask('one')
    await world.settle()
    await world.advance(60_000)
    expect(world.host().counts.get('inventory')).toBe(1)
    await world.host().engine.remove('by-hand')
    ask('two')
    await world.settle()
    expect(names()).toEqual([])
  })

  it('is removed after ten minutes when nobody fetched it, and stays away', async () => {
    ask('one')
    await world.advance(9 * 60_000)
    expect(secret()).toBeDefined()
    await world.advance(2 * 60_000)
    expect(secret()).toBeUndefined()
    const { writes } = world
    await world.advance(10 * 60_000)
    expect(secret()).toBeUndefined()
    expect(world.writes).toBe(writes)
  })
})
