import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeRequest } from '../../../test/build/container-request.ts'
import { composeFile, server, stack } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'

let world: World
const signal = new AbortController().signal

/** A project that somebody brought up from files on the host before anything was declared. */
beforeEach(async () => {
  world = new World()
  world.put(server('local'))
  const contents = composeFile({ web: {} })
  world.host().writeFile('app', 'compose.yaml', contents)
  await world.host().composeUp(composeRequest(contents, { stack: 'app', project: 'app' }), signal)
})
afterEach(() => world.close())

const found = (deploy = false) =>
  stack('app', { deploy, filesOnHost: true, fileContents: '', operator: { adopt: true } })
const ups = () => world.host().counts.get('composeUp')
const reasons = () => world.events.filter(({ on }) => on === 'Stack/app').map(({ reason }) => reason)

describe('a project that a Stack is to adopt', () => {
  it('is only observed with deploy = false, and Ready', async () => {
    world.put(found())
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    expect(ups()).toBe(1)
    expect(world.stack('app').status?.services).toMatchObject([{ name: 'web', state: 'running' }])
  })

  it('stays when a Stack that only observed it is deleted', async () => {
    world.put(found())
    await world.converge()
    world.delete('Stack', 'app')
    await world.converge()
    expect(world.get('Stack', 'app')).toBeUndefined()
    expect(world.host().engine.names).toEqual(['app-web-1'])
  })

  it('is taken over with deploy = true, as it runs', async () => {
    world.put(found())
    await world.converge()
    world.editSpec('Stack', 'app', { deploy: true })
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    expect(ups()).toBe(1)
    expect(reasons()).toEqual(['Adopted'])
    expect(world.stack('app').status).toMatchObject({ project: 'app', server: 'local' })
  })

  it('says what a deploy would make anew, and is not touched with deploy = false', async () => {
    world.host().writeFile('app', 'compose.yaml', composeFile({ web: { image: 'web:2' } }))
    world.put(found())
    await world.converge()
    expect(world.condition('Stack', 'app', 'Deployed')).toMatchObject({
      status: 'False',
      reason: 'Drifted',
      message: expect.stringContaining('would make anew: Container app-web-1'),
    })
    expect(ups()).toBe(1)
  })

  it('is healed once it was taken over', async () => {
    world.put(found(true))
    await world.converge()
    await world.host().engine.remove('app-web-1')
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    expect(ups()).toBe(2)
  })
})
