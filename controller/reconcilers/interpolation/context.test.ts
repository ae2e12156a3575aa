import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deployment, secret, server, stack, variable } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'
import { annotation } from '../../api/names.ts'
import type { Stack } from '../../api/v1alpha1/stack.ts'
import { interpolatedFields } from '../../text/interpolated-fields.ts'
import { desiredContainer } from '../deployment/request.ts'
import { composeSettings } from '../stack/request.ts'
import { interpolated } from './context.ts'

let world: World
beforeEach(() => {
  world = new World()
  world.put(server('local'))
})
afterEach(() => world.close())

const secretVariable = (name: string, value: string) => [
  secret(name.toLowerCase(), { v: value }),
  variable(name, { isSecret: true, valueFrom: { secretKeyRef: { name: name.toLowerCase(), key: 'v' } } }),
]
const why = (kind: 'Deployment' | 'Stack', name: string) => world.condition(kind, name)?.message ?? ''
const labelsOf = async (name: string) => (await world.host().engine.inspect(name))?.labels

/** Which fields of a kind end up where, each with the one name `[[V]]` in it, in a form that the field takes. */
describe('every field of Komodo', () => {
  const pass = { signal: AbortSignal.timeout(10_000), redact: () => {} }
  const deps = { variables: { find: () => variable('V', 'value') }, secrets: undefined } as never
  const withName = { environment: 'A=[[V]]', labels: 'a: [[V]]', ports: '[[V]]:80', volumes: '[[V]]:/data' }
  const textOf = (field: string) =>
    (withName as Record<string, string>)[field] ??
    (field.endsWith('Args') ? ['--x=[[V]]'] : field === 'composeCmdWrapper' ? '[[V]] [[COMPOSE_COMMAND]]' : 'x [[V]]')
  const specWith = (field: string) =>
    field.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), textOf(field)) as object

  it.each(Object.keys(interpolatedFields.Deployment))('of a Deployment: %s', async (field) => {
    const object = deployment('web', specWith(field))
    const { made } = await interpolated('Deployment', object, 'InputsReady', pass, deps, (values) =>
      desiredContainer(object, values),
    )
    expect(JSON.stringify(made)).toContain('value')
    expect(JSON.stringify(made)).not.toContain('[[V]]')
  })

  it.each(Object.keys(interpolatedFields.Stack))('of a Stack: %s', async (field) => {
    const object: Stack = stack('web', specWith(field))
    const { made } = await interpolated('Stack', object, 'SourceReady', pass, deps, (values) =>
      composeSettings(object, 'inline', values),
    )
    expect(JSON.stringify(made)).toContain('value')
    expect(JSON.stringify(made)).not.toContain('[[V]]')
  })
})

describe('a name without a variable', () => {
  it('is named with the field, the object and the line that declares it, and the object goes on when it appears', async () => {
    world.put(
      deployment(
        'web',
        { environment: 'A=[[DB_URL]]', command: 'run [[MODE]]' },
        { annotations: { [annotation.source]: 'apps/web.toml:12' } },
      ),
    )
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('VariableNotFound')
    expect(world.condition('Deployment', 'web', 'Stalled')).toBeUndefined()
    expect(why('Deployment', 'web')).toContain(
      '`command` of Deployment "web" (apps/web.toml:12) uses [[MODE]], but there is no Variable of that name: declare it, or write [[[MODE]]] to mean the text itself; also missing: [[DB_URL]] in `environment`',
    )
    world.put(variable('MODE', 'prod'), variable('DB_URL', 'db'))
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
  })

  it('alone on a line is what is missing, not a line that cannot be read', async () => {
    world.put(deployment('web', { labels: 'a: 1\n[[COMMON]]' }))
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('VariableNotFound')
    world.put(variable('COMMON', 'b: 2'))
    await world.converge()
    expect(await labelsOf('web')).toMatchObject({ a: '1', b: '2' })
  })

  it('§27.15 in an inline config or a shell test is no variable: what works with Komodo works here', async () => {
    const fileContents = `services:\n  web:\n    image: web:1\nconfigs:\n  runner:\n    content: |\n      [[runners]]\n      name = "a"\n`
    world.put(
      stack('web', {
        fileContents,
        preDeploy: { path: '', shellMode: true, command: 'if [[ -f .lock ]]; then exit 1; fi\nabc [[' },
      }),
      deployment('shell', { command: "bash -c '[[ -f x ]] && echo [[1, 2], [3]]'" }),
    )
    await world.converge()
    expect([world.ready('Stack', 'web'), world.ready('Deployment', 'shell')]).toEqual(['True', 'True'])
  })
})

it('a variable is not found by the name that it has in Kubernetes, which is in small letters', async () => {
  world.put(...secretVariable('RUNNERS', 'canary-secret'), variable('level', 'info'))
  const toml = `      [[runners]]\n      name = "[[level]]"`
  world.put(
    stack('web', { fileContents: `services: {}\nconfigs:\n  runner:\n    content: |\n${toml}\n` }),
    deployment('api', { labels: 'x: [[runners]]' }),
  )
  await world.converge()
  expect([world.ready('Stack', 'web'), world.ready('Deployment', 'api')]).toEqual(['True', 'VariableNotFound'])
})

describe('variables that name each other in a circle', () => {
  it('are named, and the object goes on when one is changed', async () => {
    world.put(variable('A', '[[B]]'), variable('B', '[[A]]'), deployment('web', { labels: 'x: [[A]]' }))
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('InvalidVariable')
    expect(why('Deployment', 'web')).toContain(
      'Deployment "web": in `labels`, the values of variables go in a circle: [[A]] -> [[B]] -> [[A]]',
    )
    world.editSpec('Variable', 'b', { value: 'end' })
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect(await labelsOf('web')).toMatchObject({ x: 'end' })
  })
})

it('attack: a thousand variables that all name each other are each read once, not by a billion ways', async () => {
  const names = Array.from({ length: 1_000 }, (_, i) => `V${i}`)
  const all = names.map((name) => `[[${name}]]`).join('')
  let reads = 0
  const find = (_namespace: string, name: string) => {
    reads++
    return variable(name, all)
  }
  const object = deployment('web', { environment: `A=${all}` })
  const outcome = interpolated(
    'Deployment',
    object,
    'InputsReady',
    { signal: AbortSignal.timeout(10_000), redact: () => {} },
    { variables: { find }, secrets: undefined } as never,
    (values) => desiredContainer(object, values),
  )
  await expect(outcome).rejects.toThrow('in a circle: [[V0]] -> [[V0]]')
  expect(reads).toBeLessThan(3_000)
})

describe('§27.17 skip_secret_interp', () => {
  it('leaves secrets and unknown names as they are written, and replaces plain variables all the same', async () => {
    world.put(...secretVariable('TOKEN', 'hunter22'), variable('LEVEL', 'info'), variable('URL', 'x-[[TOKEN]]'))
    world.put(
      deployment('web', {
        skipSecretInterp: true,
        labels: 'a: [[TOKEN]]\nb: [[LEVEL]]\nc: [[OTHER]]\nd: [[[LEVEL]]]\ne: [[URL]]',
      }),
    )
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect(await labelsOf('web')).toMatchObject({
      a: '[[TOKEN]]',
      b: 'info',
      c: '[[OTHER]]',
      d: '[[LEVEL]]',
      e: 'x-[[TOKEN]]',
    })
  })
})

describe('a Secret that a variable takes its value from', () => {
  it('deploys exactly those again that use it, when it changes, and nobody when another key changes', async () => {
    world.put(
      secret('shared', { a: 'one', b: 'two' }),
      ...['a', 'b'].map((key) =>
        variable(key.toUpperCase(), { isSecret: true, valueFrom: { secretKeyRef: { name: 'shared', key } } }),
      ),
      deployment('uses-a', { labels: 'x: [[A]]' }),
      deployment('uses-b', { environment: 'X=[[B]]' }),
      deployment('uses-none', { environment: 'X=1' }),
      stack('stack-a', { environment: 'X=[[A]]' }),
    )
    await world.converge()
    const hashes = () => [
      ...['uses-a', 'uses-b', 'uses-none'].map((name) => world.deployment(name).status?.deployedHash),
      world.stack('stack-a').status?.deployedHash,
    ]
    const before = hashes()
    const { metadata } = world.secrets.get({ namespace: 'default', name: 'shared' })!
    world.put({ ...secret('shared', { a: 'changed', b: 'two' }), metadata })
    await world.converge()
    const after = hashes()
    expect(after.map((hash, i) => hash !== before[i])).toEqual([true, false, false, true])
    expect(await labelsOf('uses-a')).toMatchObject({ x: 'changed' })
  })
})
