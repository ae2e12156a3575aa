import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deployment, server, stack, variable } from '../../test/build/objects.ts'
import { World } from '../../test/build/world.ts'
import { annotation } from '../api/names.ts'

/**
 * Objects that the API would not take now, but has kept since before a CRD changed (or that somebody wrote into the database). Each
 * once broke the indexes of its kind in the middle of a list, and the passes of those who name it: promise 7, failures stay in their room.
 */

type Kind = 'Server' | 'Variable' | 'Deployment' | 'Stack'
const make = {
  Server: (name: string) => server(name),
  Variable: (name: string) => variable(name, 'x'),
  Deployment: (name: string) => deployment(name),
  Stack: (name: string) => stack(name),
}
const kinds = Object.keys(make) as Kind[]

let world: World
beforeEach(() => {
  world = new World()
})
afterEach(() => world.close())

const neighbours = () => {
  world.put(
    server('local'),
    variable('COLOUR', 'red'),
    deployment('web', { environment: 'C=[[COLOUR]]' }),
    stack('shop', { after: ['web', 'poisoned'] }),
    deployment('free'),
  )
}

const expectUnharmed = () => {
  expect(world.ready('Deployment', 'web')).toBe('True')
  expect(world.ready('Deployment', 'free')).toBe('True')
  expect(world.ready('Server', 'local')).toBe('True')
  expect(world.ready('Variable', 'colour')).toBe('True')
}

const specs: readonly [name: string, spec: unknown][] = [
  ['a text for a spec', 'x'],
  ['a list for a spec', []],
  ['texts where lists belong', { after: 'web', tags: 'x', links: 'y', value: ['z'] }],
  ['a server that is a table', { server: { name: 'local' }, address: {}, value: {} }],
]

describe.each(kinds)('a stored %s', (kind) => {
  it.each(specs)('with %s stalls, and nobody else', async (_, spec) => {
    world.put({ ...make[kind]('poisoned'), spec } as never)
    neighbours()
    await world.converge()
    expect(world.condition(kind, 'poisoned', 'Stalled')).toMatchObject({ status: 'True', reason: 'InvalidObject' })
    expectUnharmed()
  })

  it('without any spec gets the defaults, or stalls', async () => {
    world.put({ ...make[kind]('poisoned'), spec: undefined } as never)
    neighbours()
    await world.converge()
    expect(world.condition(kind, 'poisoned')?.status).toBeDefined()
    expectUnharmed()
  })

  it('with a status of another shape says so, and harms nobody', async () => {
    const status = { conditions: 'none', places: 7 }
    world.put({ ...make[kind]('poisoned'), status } as never)
    neighbours()
    await world.converge()
    expect(world.condition(kind, 'poisoned')?.status).toBeDefined()
    expectUnharmed()
  })

  it('is looked at again once it is corrected', async () => {
    world.put(server('local'), { ...make[kind]('poisoned'), spec: 'x' } as never)
    await world.converge()
    world.put({ ...make[kind]('poisoned') })
    await world.converge()
    expect(world.ready(kind, 'poisoned')).toBe('True')
  })
})

it('absurd annotations and labels stop nobody', async () => {
  const odd = fc.oneof(
    fc.string(),
    fc.constantFrom('', '/', '../..', '\u0000', '__proto__', 'a/b/c', '[[X]]', '\u001b[2J'),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...kinds),
      fc.record({
        [annotation.name]: odd,
        [annotation.sync]: odd,
        [annotation.source]: odd,
        [annotation.deployRequestedAt]: odd,
        [annotation.requestedAt]: odd,
        [annotation.forceDelete]: odd,
      }),
      fc.dictionary(odd, odd),
      async (kind, annotations, labels) => {
        world.close()
        world = new World()
        const { metadata, ...rest } = make[kind]('poisoned')
        world.put({ ...rest, metadata: { ...metadata, annotations, labels } } as never)
        neighbours()
        await world.converge()
        expect(world.condition(kind, 'poisoned')?.status).toBeDefined()
        expectUnharmed()
      },
    ),
    { numRuns: 30 },
  )
})

it('any JSON for a spec or a part of it stops nobody', async () => {
  const keys = fc.constantFrom(
    'server',
    'after',
    'deploy',
    'environment',
    'image',
    'operator',
    'value',
    'valueFrom',
    'isSecret',
    'address',
    'filePaths',
    'preDeploy',
    'tags',
    'enabled',
    'template',
    'fileContents',
  )
  const spec = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.dictionary(keys, fc.jsonValue({ maxDepth: 2 })))
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...kinds), spec, fc.boolean(), async (kind, changes, whole) => {
      world.close()
      world = new World()
      const object = make[kind]('poisoned')
      const poison = whole || typeof changes !== 'object' ? changes : { ...object.spec, ...changes }
      world.put({ ...object, spec: poison } as never)
      neighbours()
      await world.converge()
      expect(world.condition(kind, 'poisoned')?.status).toBeDefined()
      expectUnharmed()
    }),
    { numRuns: 60 },
  )
})
