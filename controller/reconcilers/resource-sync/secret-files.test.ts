import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AgeKey, ageKey, encryptSops } from '../../../test/build/encrypt-sops.ts'
import { type SyncOperator, startSyncOperator, typeOf } from '../../../test/harness/sync-operator.ts'
import { SyncScene } from '../../../test/harness/sync-scene.ts'
import { waitUntil } from '../../../test/harness/wait-until.ts'
import { conditionOf } from '../../api/meta.ts'
import type { Plan } from '../../api/v1alpha1/plan.ts'
import type { Variable } from '../../api/v1alpha1/variable.ts'
import type { Secret } from '../../kube/builtin-types.ts'

const secretType = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true }
const canary = 'canary-sops-5e0d'

let operator: SyncOperator
let scene: SyncScene
let key: AgeKey
let folder: string
let keySecret: string
beforeAll(async () => {
  operator = await startSyncOperator()
  scene = new SyncScene(operator)
})
beforeEach(async () => {
  key = await ageKey()
  const name = `files-${scene.next()}`
  folder = path.join(operator.directory, 'syncs', name)
  keySecret = `sops-${name}`
  mkdirSync(folder, { recursive: true })
  write('all.toml', '')
  scene.name = name
})
afterEach(() => scene.clear())
afterAll(() => operator.close())

const write = (file: string, text: string): void => writeFileSync(path.join(folder, file), text)
const encrypted = (format: 'yaml' | 'env', values: Record<string, string | Record<string, string>>) =>
  encryptSops(format, values, { recipients: [key.recipient] })
const putIdentity = (identity = key.identity) =>
  operator.client.create(secretType, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: keySecret, namespace: 'default' },
    spec: undefined,
    type: 'Opaque',
    data: { 'me.agekey': Buffer.from(`# mine\n${identity}\n`).toString('base64') },
  } as never)
const create = (spec: object = {}, more: object = {}) =>
  scene.create(
    {
      filesOnHost: true,
      resourcePath: ['.'],
      includeVariables: true,
      delete: true,
      operator: { interval: '1h', decryption: { secret: keySecret }, secretFiles: ['secrets.sops.yaml'], ...more },
      ...spec,
    },
    scene.name,
  )
const variable = async (name: string) => (await scene.get('Variable', name)) as Variable | undefined
const textOf = async (name: string): Promise<string | undefined> => {
  const reference = (await variable(name))?.spec.valueFrom?.secretKeyRef
  if (reference === undefined) return undefined
  const secret = await operator.client.get<Secret>(secretType, { namespace: 'default', name: reference.name })
  return Buffer.from(secret.data?.[reference.key] ?? '', 'base64').toString()
}
/** All that anybody can read, but for Secrets. */
const shown = async (): Promise<string> => {
  const kinds = ['ResourceSync', 'Plan', 'Variable', 'Stack']
  const lists = await Promise.all(kinds.map((kind) => operator.client.list(typeOf(kind), { namespace: 'default' })))
  const events = await operator.client.list(
    { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events', namespaced: true },
    { namespace: 'default' },
  )
  return JSON.stringify([lists, events, operator.lines])
}

describe('the encrypted files of a sync', () => {
  it('become secret Variables, planned like declared ones, with values in their Secrets alone', async () => {
    write('secrets.sops.yaml', await encrypted('yaml', { API_KEY: `${canary}-a`, PASSWORD: `${canary}\nof two lines` }))
    write('app.sops.env', await encrypted('env', { TOKEN: `${canary}-c` }))
    await putIdentity()
    await create({}, { secretFiles: ['secrets.sops.yaml', './app.sops.env'], approval: 'Manual' })
    const pending = await scene.reaches('Approved', 'False', 'PendingApproval')
    const [plan] = await scene.plans()
    expect(
      (plan as Plan).spec.changes.map(({ action, kind, name, source, fields }) => [
        `${action} ${kind} ${name} ${source}`,
        fields?.filter(({ secret }) => secret),
      ]),
    ).toEqual([
      ['create Variable API_KEY secrets.sops.yaml:1', [{ path: 'value', secret: true }]],
      ['create Variable PASSWORD secrets.sops.yaml:2', [{ path: 'value', secret: true }]],
      ['create Variable TOKEN ./app.sops.env:1', [{ path: 'value', secret: true }]],
    ])
    await scene.approve(pending.status?.plan?.digest ?? '')
    await scene.reaches('Ready', 'True')
    expect((await variable('api-key'))?.spec).toMatchObject({ isSecret: true, value: '' })
    expect([await textOf('api-key'), await textOf('password'), await textOf('token')]).toEqual([
      `${canary}-a`,
      `${canary}\nof two lines`,
      `${canary}-c`,
    ])
    expect(await shown()).not.toContain(canary)
    expect(await shown()).not.toContain(key.identity)
  })

  it('are looked at again when they change, and what is gone from them is pruned', async () => {
    write('secrets.sops.yaml', await encrypted('yaml', { A: 'one', B: 'two' }))
    await putIdentity()
    await create()
    await scene.reaches('Ready', 'True')
    write('secrets.sops.yaml', await encrypted('yaml', { A: 'three' }))
    await scene.poke()
    await waitUntil('A has the new value, and B is gone', async () =>
      (await textOf('a')) === 'three' && (await variable('b')) === undefined ? true : undefined,
    )
  })

  it('encrypted anew with the same values change nothing', async () => {
    write('secrets.sops.yaml', await encrypted('yaml', { A: 'one' }))
    await putIdentity()
    await create()
    await scene.reaches('Ready', 'True')
    const { resourceVersion } = (await variable('a'))?.metadata ?? {}
    write('secrets.sops.yaml', await encrypted('yaml', { A: 'one' }))
    await scene.poke()
    expect((await variable('a'))?.metadata.resourceVersion).toBe(resourceVersion)
  })

  it('wait for the identity, and are read when its Secret appears', async () => {
    write('secrets.sops.yaml', await encrypted('yaml', { A: 'one' }))
    await create()
    const waiting = await scene.reaches('Valid', 'False')
    expect(conditionOf(waiting, 'Valid')?.message).toContain(`there is no Secret "${keySecret}"`)
    await putIdentity()
    await scene.reaches('Ready', 'True')
    expect(await textOf('a')).toBe('one')
  })

  it('that were tampered with are refused whole: what was applied stays, nothing is pruned', async () => {
    const good = await encrypted('yaml', { A: 'one', B: 'two' })
    write('secrets.sops.yaml', good)
    await putIdentity()
    await create()
    await scene.reaches('Ready', 'True')
    write('secrets.sops.yaml', good.replace(/^B:.*\n/m, ''))
    await scene.poke()
    const refused = await scene.reaches('Valid', 'False', 'RevisionRefused')
    expect(conditionOf(refused, 'Valid')?.message).toContain(
      'secrets.sops.yaml:1: cannot be decrypted: its MAC does not match',
    )
    expect([await textOf('a'), await textOf('b')]).toEqual(['one', 'two'])
  })

  it.each([
    [
      'are not encrypted',
      () => 'A: hunter22\n',
      'secrets.sops.yaml:1: cannot be decrypted: it is not encrypted with SOPS',
    ],
    [
      'are for somebody else',
      async () => encryptSops('yaml', { A: 'hunter22' }, { recipients: [(await ageKey()).recipient] }),
      'It is encrypted for age1',
    ],
  ])('that %s are refused, and the message says what to do', async (_, text, message) => {
    write('secrets.sops.yaml', await text())
    await putIdentity()
    await create()
    const refused = await scene.reaches('Valid', 'False', 'RevisionRefused')
    expect(conditionOf(refused, 'Valid')?.message).toContain(message)
    expect(JSON.stringify(refused.status)).not.toMatch(/hunter22|AGE-SECRET/)
  })

  it('with a key that cannot be a variable leave that one out, with its line, and go on', async () => {
    write('secrets.sops.yaml', await encrypted('yaml', { A: 'one', 'db-password': 'x', nested: { deep: 'y' } }))
    await putIdentity()
    await create()
    const partly = await scene.reaches('Valid', 'False', 'InvalidBlocks')
    const message = conditionOf(partly, 'Valid')?.message
    expect(message).toContain('secrets.sops.yaml:2: the key "db-password" cannot be used as [[NAME]]')
    expect(message).toContain('secrets.sops.yaml:3: "nested" is a table')
    expect(await waitUntil('A is there', () => textOf('a'))).toBe('one')
  })

  it.each([
    ['../../secret/keys.yaml', 'takes paths inside of the source'],
    ['/etc/passwd.yaml', 'takes paths inside of the source'],
    ['missing.yaml', 'there is no such file'],
  ])('attack: %s is not read', async (file, message) => {
    await putIdentity()
    await create({}, { secretFiles: [file] })
    const refused = await scene.reaches('Valid', 'False', 'RevisionRefused')
    expect(conditionOf(refused, 'Valid')?.message).toContain(message)
  })

  it('say that they need include_variables', async () => {
    await putIdentity()
    await create({ includeVariables: false })
    const refused = await scene.reaches('Valid', 'False', 'RevisionRefused')
    expect(conditionOf(refused, 'Valid')?.message).toContain('include_variables is false: set it to true')
  })

  it('are never written to by a managed sync: what somebody changed on their variable is put back', async () => {
    const text = await encrypted('yaml', { A: canary })
    write('secrets.sops.yaml', text)
    await putIdentity()
    await create({ managed: true })
    await scene.reaches('Ready', 'True')
    const body = { spec: { description: 'mine', valueFrom: { secretKeyRef: { name: 'other', key: 'k' } } } }
    await operator.client.patch(typeOf('Variable'), { namespace: 'default', name: 'a' }, { type: 'merge', body })
    await scene.poke()
    await waitUntil('the reference is back', async () => ((await textOf('a')) === canary ? true : undefined))
    expect(readFileSync(path.join(folder, 'secrets.sops.yaml'), 'utf8')).toBe(text)
    expect(readFileSync(path.join(folder, 'all.toml'), 'utf8')).toBe('')
    expect(await shown()).not.toContain(canary)
  })

  it('collide with a variable of that name in TOML, which is said with both places and no value', async () => {
    write('all.toml', '[[variable]]\nname = "A"\nvalue = "plain"\n')
    write('secrets.sops.yaml', await encrypted('yaml', { A: canary }))
    await putIdentity()
    await create()
    const refused = await scene.reaches('Applied', 'False', 'DeclaredTwice')
    expect(conditionOf(refused, 'Applied')?.message).toContain('all.toml:1 and secrets.sops.yaml:1')
    expect(await shown()).not.toContain(canary)
  })
})
