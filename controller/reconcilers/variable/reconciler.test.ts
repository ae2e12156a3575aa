import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deployment, secret, variable } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'
import { annotation } from '../../api/names.ts'
import type { Variable } from '../../api/v1alpha1/variable.ts'

let world: World
beforeEach(() => {
  world = new World()
})
afterEach(() => world.close())

const ref = { secretKeyRef: { name: 's', key: 'k' } }

describe('a Variable', () => {
  it.each([
    { name: 'with a plain value is Ready', of: variable('A', 'x'), ready: 'True' },
    { name: 'may be empty', of: variable('A', ''), ready: 'True' },
    {
      name: 'with a name that cannot stand in [[ ]] is refused',
      of: variable('A', 'x', { annotations: { [annotation.name]: 'A-B' } }),
      ready: 'InvalidName',
    },
    { name: 'with a line break is refused', of: variable('A', 'x\ny'), ready: 'InvalidValue' },
    { name: 'with a value that is too long is refused', of: variable('A', 'x'.repeat(10_001)), ready: 'ValueTooLong' },
    {
      name: 'that is a secret in the open is refused',
      of: variable('A', { isSecret: true, value: 'x' }),
      ready: 'SecretInTheOpen',
    },
    { name: 'that is a secret without a source is refused', of: variable('A', { isSecret: true }), ready: 'NoValue' },
    {
      name: 'that is no secret with a source is refused',
      of: variable('A', { valueFrom: ref }),
      ready: 'AmbiguousValue',
    },
    {
      name: 'that points at a Secret that is not there waits',
      of: variable('A', { isSecret: true, valueFrom: ref }),
      ready: 'SecretNotFound',
    },
  ])('$name', async ({ of, ready }) => {
    world.put(of)
    await world.settle()
    expect(world.ready('Variable', 'a')).toBe(ready)
  })

  it('becomes Ready when its Secret appears, and never shows the value', async () => {
    world.put(variable('A', { isSecret: true, valueFrom: ref }))
    await world.settle()
    world.put(secret('s', { k: 'hush\u0007hush' }))
    await world.settle()
    expect(world.ready('Variable', 'a')).toBe('InvalidValue')
    const { metadata } = world.secrets.get({ namespace: 'default', name: 's' })!
    world.put({ ...secret('s', { k: 'hush' }), metadata })
    await world.settle()
    expect(world.ready('Variable', 'a')).toBe('True')
    expect(JSON.stringify([world.get('Variable', 'a'), world.events])).not.toContain('hush')
  })

  it('that is a secret may have several lines, as a key or certificate does', async () => {
    world.put(secret('s', { k: '-----BEGIN\n\tabc\r\n-----END\n' }), variable('A', { isSecret: true, valueFrom: ref }))
    await world.settle()
    expect(world.ready('Variable', 'a')).toBe('True')
  })

  it('says how many objects use it, through another variable too', async () => {
    world.put(variable('A', 'x'), variable('B', '[[A]]'))
    world.put(
      deployment('d1', { environment: 'X=[[A]]' }),
      deployment('d2', { environment: 'X=[[B]]' }),
      deployment('d3'),
    )
    await world.converge()
    expect((world.get('Variable', 'a') as Variable).status?.usedBy).toBe(2)
    expect((world.get('Variable', 'b') as Variable).status?.usedBy).toBe(1)
  })
})
