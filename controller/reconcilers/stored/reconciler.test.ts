import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CommonStatus, type Condition, type KubeObject, keyText } from '../../api/meta.ts'
import { annotation } from '../../api/names.ts'
import type { KindDefinition } from '../../api/v1alpha1/kind.ts'
import { kinds } from '../../api/v1alpha1/kinds.ts'
import { silentLogger } from '../../engine/logger.ts'
import { ObjectStore } from '../../engine/object-store.ts'
import { PassStatus } from '../../status/draft.ts'
import { storedReconciler } from './reconciler.ts'
import { referencedKinds, referencesIn } from './references.ts'

type Stored = KubeObject<unknown, CommonStatus>

const kindOf = (name: string): KindDefinition => {
  const found = kinds.find(({ kind }) => kind === name)
  if (found === undefined) throw new Error(`no kind ${name}`)
  return found
}
const fieldsOf = (kind: string, spec: object) =>
  referencesIn(kindOf(kind), spec).map((reference) => `${reference.field}: ${reference.kind} ${reference.name}`)

describe('what a spec names', () => {
  it.each<[string, object, string[]]>([
    ['Build', { builder: 'b', linkedRepo: 'r', repo: 'acme/x' }, ['builder: Builder b', 'linkedRepo: Repo r']],
    ['Build', { builder: '', linkedRepo: '' }, []],
    [
      'Builder',
      { type: 'Server', params: { servers: ['s1', 's2'] } },
      ['params.servers[0]: Server s1', 'params.servers[1]: Server s2'],
    ],
    ['Swarm', { servers: ['s1'] }, ['servers[0]: Server s1']],
    [
      'Alerter',
      {
        resources: [{ type: 'Stack', id: 'web' }],
        exceptResources: [
          { type: 'System', id: 'x' },
          { type: 'Server', id: 's' },
        ],
      },
      ['resources[0].id: Stack web', 'exceptResources[1].id: Server s'],
    ],
    [
      'Procedure',
      {
        stages: [
          {
            name: 'one',
            enabled: true,
            executions: [
              { enabled: true, execution: { type: 'DeployStack', params: { stack: 'web', services: ['a'] } } },
              { enabled: false, execution: { type: 'RunBuild', params: { build: 'off' } } },
              { enabled: true, execution: { type: 'BatchDeployStack', params: { pattern: 'x-*' } } },
              { enabled: true, execution: { type: 'SendAlert', params: { alerters: ['mail'] } } },
            ],
          },
          {
            name: 'off',
            enabled: false,
            executions: [{ enabled: true, execution: { type: 'RunSync', params: { sync: 'x' } } }],
          },
        ],
      },
      [
        'stages[0].executions[0].execution.params.stack: Stack web',
        'stages[0].executions[3].execution.params.alerters[0]: Alerter mail',
      ],
    ],
    [
      'UserGroup',
      {
        permissions: [
          { target: { type: 'Server', id: 's1' }, level: 'Read' },
          { target: { type: 'Server', id: 'prod-*' }, level: 'Read' },
          { target: { type: 'Server', id: '\\^a\\' }, level: 'Read' },
        ],
      },
      ['permissions[0].target.id: Server s1'],
    ],
    ['Procedure', { stages: 'nonsense' }, []],
    ['Procedure', { stages: [{ executions: [{ execution: { type: 'constructor', params: {} } }] }] }, []],
  ])('%s %j', (kind, spec, expected) => expect(fieldsOf(kind, spec)).toEqual(expected))

  it('is of a kind that is known to be named', () => {
    expect([...referencedKinds(kindOf('Build'))].sort()).toEqual(['Builder', 'Repo'])
    expect(referencedKinds(kindOf('Procedure'))).toContain('ResourceSync')
    expect(referencedKinds(kindOf('ServerTemplate')).size).toBe(0)
  })
})

describe('an object that names what is not there', () => {
  const stores = new Map<string, ObjectStore<Stored>>()
  const woken: string[] = []
  let stop: AbortController
  let version = 0
  const store = (kind: string): ObjectStore<Stored> => {
    const known = stores.get(kind) ?? new ObjectStore<Stored>()
    stores.set(kind, known)
    return known
  }
  const put = (kind: string, name: string, spec: object = {}, annotations: Record<string, string> = {}) =>
    store(kind).upsert({
      apiVersion: 'komodo.dev/v1alpha1',
      kind,
      metadata: { name, namespace: 'default', uid: `${kind}-${name}`, resourceVersion: `${++version}`, annotations },
      spec,
    })
  let reconciler: ReturnType<typeof storedReconciler>
  beforeEach(() => {
    stores.clear()
    woken.length = 0
    stop = new AbortController()
    reconciler = storedReconciler(kindOf('Build'), (kind) => store(kind.kind))
    for (const wake of reconciler.wakeOn) wake((key) => woken.push(keyText(key)), stop.signal)
  })
  afterEach(() => stop.abort())

  const look = async (name: string): Promise<Pick<Condition, 'status' | 'message'> | undefined> => {
    const object = store('Build').get({ namespace: 'default', name })
    if (object === undefined) throw new Error(`no Build ${name}`)
    const status = new PassStatus<Stored>(object.status)
    const pass = {
      signal: stop.signal,
      status,
      log: silentLogger,
      event: () => {},
      redact: () => {},
      redacted: String,
      save: async () => {},
    }
    await reconciler.reconcile(object, pass)
    return status.marked('ReferencesFound')
  }

  it('says which, at which field, and what to do', async () => {
    put('Build', 'app', { builder: 'b1', linkedRepo: '65a1b2c3d4e5f60718293a4b' })
    expect(await look('app')).toMatchObject({
      status: 'False',
      message:
        'there is no Builder "b1" in namespace default: declare it, or correct `builder`; there is no Repo "65a1b2c3d4e5f60718293a4b" in namespace default: this looks like an id of a Komodo database: write the name of the Repo in `linkedRepo`',
    })
  })

  it('is woken alone when that appears, goes, or gets the name, and finds it', async () => {
    put('Build', 'app', { builder: 'b1', linkedRepo: '' })
    put('Build', 'other', { builder: 'b2', linkedRepo: '' })
    put('Builder', 'b1')
    expect(woken).toEqual(['default/app'])
    expect(await look('app')).toMatchObject({ status: 'True' })
    put('Builder', 'b1', { changed: true })
    expect(woken).toHaveLength(1)
    put('Builder', 'x', {}, { [annotation.name]: 'b2' })
    expect(woken).toEqual(['default/app', 'default/other'])
    store('Builder').remove(store('Builder').get({ namespace: 'default', name: 'b1' }) as Stored)
    expect(woken.at(-1)).toBe('default/app')
    expect(await look('app')).toMatchObject({ status: 'False' })
  })

  it.each(['My Builder', 'my-builder', '65a1b2c3d4e5f60718293a4b'])('finds it as %s, too', async (builder) => {
    put('Build', 'app', { builder, linkedRepo: '' })
    put('Builder', 'my-builder', {}, { [annotation.name]: 'My Builder', [annotation.id]: '65a1b2c3d4e5f60718293a4b' })
    expect(woken).toEqual(['default/app'])
    expect(await look('app')).toMatchObject({ status: 'True' })
  })
})
