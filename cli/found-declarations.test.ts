import { describe, expect, it } from 'vitest'
import type { FoundContainer } from '../controller/api/found-container.ts'
import { parseKeyValues } from '../controller/text/key-values.ts'
import { splitWords } from '../controller/text/words.ts'
import { read } from '../controller/toml/read.ts'
import { writeFile } from '../controller/toml/write.ts'
import { declarationsOf, type SecretHandling } from './found-declarations.ts'

const container = (over: Partial<FoundContainer> = {}): FoundContainer => ({
  id: 'c0ffee',
  name: 'web',
  state: 'running',
  image: 'nginx:1.27',
  network: 'bridge',
  restart: 'always',
  command: '',
  environment: [],
  labels: [],
  ports: [],
  volumes: [],
  extraArgs: [],
  beyond: [],
  ...over,
})

const member = (service: string, over: Partial<NonNullable<FoundContainer['compose']>> = {}) =>
  container({
    name: `shop-${service}-1`,
    compose: {
      project: 'shop',
      service,
      workingDirectory: '/srv/shop',
      configFiles: ['/srv/shop/compose.yaml'],
      environmentFiles: [],
      ...over,
    },
  })

const found = (containers: readonly FoundContainer[], secrets: SecretHandling = 'leave') =>
  declarationsOf(containers, { server: 'nas', secrets })
const specOf = (containers: readonly FoundContainer[], secrets?: SecretHandling) =>
  found(containers, secrets).objects[0]!.spec as Record<string, unknown> & { environment: string; extraArgs: string[] }

describe('a container becomes a Deployment', () => {
  it('that observes it first, and names the container that it takes over', () => {
    const { objects } = found([container({ ports: ['8080:80'], volumes: ['data:/data'] })])
    expect(objects).toMatchObject([
      {
        kind: 'Deployment',
        name: 'web',
        spec: { server: 'nas', ports: '8080:80', volumes: 'data:/data', operator: { adopt: 'c0ffee' } },
      },
    ])
    expect(objects[0]!.spec).not.toHaveProperty('deploy')
  })

  it.each<[what: string, value: string]>([
    ['a comment sign', 'a # b'],
    ['quotes', '"quoted"'],
    ['a line end', 'one\ntwo'],
    ['blanks around it', '  padded '],
    ['nothing', ''],
    ['a quote', "it's"],
  ])('whose environment survives %s', (_, value) => {
    const { environment, extraArgs } = specOf([container({ environment: [{ key: 'A', value }] })])
    const fromFlags = splitWords(extraArgs.join(' ')).map((word) => word.replace(/^--env=/, ''))
    const pairs = [...parseKeyValues(environment).map((pair) => `${pair.key}=${pair.value}`), ...fromFlags]
    expect(pairs).toEqual([`A=${value}`])
  })

  it('whose text that looks like a variable stays text', () => {
    const { environment } = specOf([container({ environment: [{ key: 'A', value: '[[NAME]] [[ -f x ]]' }] })])
    expect(environment).toBe('A=[[[NAME]]] [[ -f x ]]')
  })

  it('can be written as TOML that is read back without a word', () => {
    const environment = [{ key: 'A', value: 'one\ntwo "three" \\ $HOME' }]
    const { objects } = found([container({ environment, command: 'sh -c \'echo "$A"\'' }), member('app')])
    expect(read([{ path: 'a.toml', text: writeFile(objects) }]).diagnostics).toEqual([])
  })

  it('says what it cannot say', () => {
    expect(found([container({ beyond: ['it removes itself'] })]).notes).toEqual([
      { object: 'container web', message: 'it removes itself' },
    ])
  })
})

describe('secret values', () => {
  const environment = [
    { key: 'DB_PASSWORD', value: 'hunter2' },
    { key: 'POSTGRES_PASSWORD_FILE', value: '/run/secrets/db' },
    { key: 'MONKEY', value: 'george' },
    { key: 'API_TOKEN', value: 'abc' },
    { key: 'AWS_SECRET_ACCESS_KEY', value: 'def' },
  ]

  it('become variables, told by their names', () => {
    const { variables, objects } = found([container({ name: 'my-web', environment })])
    expect([...variables]).toEqual([
      ['MY_WEB_DB_PASSWORD', 'hunter2'],
      ['MY_WEB_API_TOKEN', 'abc'],
      ['MY_WEB_AWS_SECRET_ACCESS_KEY', 'def'],
    ])
    expect(JSON.stringify(objects)).toContain('DB_PASSWORD=[[MY_WEB_DB_PASSWORD]]')
    expect(JSON.stringify(objects)).not.toContain('hunter2')
  })

  it('are written as they are only when that is asked for', () => {
    expect(specOf([container({ environment })], 'inline').environment).toContain('DB_PASSWORD=hunter2')
  })
})

describe('a compose project becomes a Stack', () => {
  it('of all its containers, with its files where they are, that pulls and removes nothing by itself', () => {
    expect(found([member('app'), member('db')]).objects).toEqual([
      {
        kind: 'Stack',
        name: 'shop',
        spec: {
          server: 'nas',
          projectName: 'shop',
          filesOnHost: true,
          runDirectory: '/srv/shop',
          filePaths: ['compose.yaml'],
          additionalEnvFiles: [],
          autoPull: false,
          operator: { adopt: true, removeOrphans: false },
        },
      },
    ])
  })

  it('with its env files in the order in which Compose read them', () => {
    expect(specOf([member('app', { environmentFiles: ['/srv/shop/base.env', '/etc/prod.env'] })])).toMatchObject({
      additionalEnvFiles: [{ path: 'base.env', track: true }],
      envFilePath: '/etc/prod.env',
    })
  })

  it('unless Compose did not note its files', () => {
    const { objects, notes } = found([member('app', { workingDirectory: '' })])
    expect(objects).toEqual([])
    expect(notes[0]?.message).toContain('declare it by hand')
  })
})
