import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deployment, server } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'

let world: World
let id: string

/** A container that somebody runs before anything is declared. */
beforeEach(async () => {
  world = new World()
  world.put(server('local'))
  const { engine } = world.host()
  await engine.create('web', { Image: 'nginx:1.27' })
  await engine.start('web')
  id = (await engine.inspect('web'))!.id
})
afterEach(() => world.close())

const found = (spec: { deploy?: boolean; image?: string; adopt?: string } = {}) => {
  const { deploy = false, image = 'nginx:1.27', adopt = id } = spec
  return deployment('web', { deploy, image, operator: { adopt } })
}
const container = () => world.host().engine.inspect('web')
const reasons = () => world.events.filter(({ on }) => on === 'Deployment/web').map(({ reason }) => reason)

describe('a container that a Deployment is to adopt', () => {
  it('is only observed with deploy = false, and Ready', async () => {
    world.put(found())
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect(world.host().commandCount).toBe(0)
    expect(reasons()).toEqual([])
  })

  it('stays when a Deployment that only observed it is deleted', async () => {
    world.put(found())
    await world.converge()
    world.delete('Deployment', 'web')
    await world.converge()
    expect(world.get('Deployment', 'web')).toBeUndefined()
    expect((await container())?.id).toBe(id)
  })

  it('is taken over with deploy = true, as it runs', async () => {
    world.put(found())
    await world.converge()
    world.editSpec('Deployment', 'web', { deploy: true })
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect(world.host().commandCount).toBe(0)
    expect(reasons()).toEqual(['Adopted'])
  })

  it('may be named by the short id that docker shows, but by no less', async () => {
    world.put(found({ adopt: id.slice(0, 3), deploy: true }))
    await world.converge()
    expect(world.condition('Deployment', 'web', 'Deployed')?.reason).toBe('NameTaken')
    world.editSpec('Deployment', 'web', {
      operator: { ...world.deployment('web').spec.operator, adopt: id.slice(0, 12) },
    })
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect((await container())?.id).toBe(id)
  })

  it('stays ours when nobody names it any more', async () => {
    world.put(found({ deploy: true }))
    await world.converge()
    const { adopt: _, ...operator } = world.deployment('web').spec.operator
    world.editSpec('Deployment', 'web', { operator })
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect((await container())?.id).toBe(id)
  })

  it('is quiet afterwards, and over a restart of the process', async () => {
    world.put(found({ deploy: true }))
    await world.converge()
    const compared = world.host().counts.get('compareContainer')
    world = new World(world)
    await world.advance(20 * 60_000)
    expect(world.host().commandCount).toBe(0)
    expect(world.host().counts.get('compareContainer')).toBe(compared)
    expect((await container())?.id).toBe(id)
  })

  it('goes with the Deployment that took it over', async () => {
    world.put(found({ deploy: true }))
    await world.converge()
    world.delete('Deployment', 'web')
    await world.converge()
    expect(await container()).toBeUndefined()
  })

  it('is started again when it stops, like one that was made here', async () => {
    world.put(found({ deploy: true }))
    await world.converge()
    await world.host().engine.stop('web')
    await world.converge()
    expect(await container()).toMatchObject({ id, state: 'running' })
  })

  it('is replaced when the declaration changes', async () => {
    world.put(found({ deploy: true }))
    await world.converge()
    world.editSpec('Deployment', 'web', { image: { type: 'Image', params: { image: 'nginx:1.28' } } })
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect(await container()).toMatchObject({ image: 'nginx:1.28', labels: { 'komodo.dev/owner': 'default/web' } })
    expect(world.deployment('web').status).not.toHaveProperty('adopted')
  })

  it('comes back when what replaces it fails', async () => {
    world.host().engine.images.set('nginx:bad', { exits: 1 })
    world.put(found({ deploy: true }))
    await world.converge()
    world.editSpec('Deployment', 'web', { image: { type: 'Image', params: { image: 'nginx:bad' } } })
    await world.converge()
    expect(world.condition('Deployment', 'web', 'Deployed')).toMatchObject({ status: 'False', reason: 'RolledBack' })
    expect(await container()).toMatchObject({ id, state: 'running' })
    expect(world.host().engine.names).toEqual(['web'])
  })

  it('that is not what is declared says where it differs, and is not touched with deploy = false', async () => {
    world.put(found({ image: 'nginx:1.28' }))
    await world.converge()
    expect(world.condition('Deployment', 'web', 'Deployed')).toMatchObject({
      status: 'False',
      reason: 'Drifted',
      message: expect.stringContaining('differs from the declaration in image'),
    })
    expect(world.host().commandCount).toBe(0)
  })

  it('is left alone when another one than the named has the name by now', async () => {
    world.put(found({ adopt: 'another', deploy: true }))
    await world.converge()
    expect(world.condition('Deployment', 'web', 'Deployed')?.reason).toBe('NameTaken')
    expect((await container())?.id).toBe(id)
  })
})
