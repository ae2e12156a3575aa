import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitUntil } from '../harness/wait-until.ts'
import { canSetScene, localServer, type Scene, setScene } from './scene.ts'

const variable = (value: string) => `${localServer}
[[variable]]
name = "A"
value = "${value}"
`

describe.runIf(canSetScene())('approval: Manual', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await setScene({ operator: { approval: 'Manual' } })
    await scene.push({ 'all.toml': variable('1') })
  })
  afterAll(() => scene?.close())

  const waiting = () =>
    waitUntil('a plan that waits', async () => {
      const { code, stdout } = await scene.operator.komodo('plan', 'e2e')
      return code === 2 ? stdout : undefined
    })
  const digest = async () => {
    const sync = await scene.operator.get('resourcesyncs', 'e2e')
    return (sync?.status?.plan as { digest: string } | undefined)?.digest ?? ''
  }

  it('shows the plan and changes nothing', async () => {
    expect(await waiting()).toContain('+ create Variable A')
    expect(await scene.operator.get('servers.komodo.dev', 'local')).toBeUndefined()
  })

  it('is not satisfied by the approval of another plan', async () => {
    await scene.operator.apply({
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'PlanApproval',
      metadata: { name: 'wrong', namespace: 'default' },
      spec: { sync: 'e2e', digest: `sha256:${'0'.repeat(64)}` },
    })
    await scene.operator.kubectl(
      'annotate',
      '--overwrite',
      'resourcesync/e2e',
      'reconcile.komodo.dev/requestedAt=again',
    )
    await waitUntil('the request to be handled', async () =>
      (await scene.operator.get('resourcesyncs', 'e2e'))?.status?.lastHandledReconcileAt === 'again' ? true : undefined,
    )
    expect(await scene.operator.get('servers.komodo.dev', 'local')).toBeUndefined()
  })

  it('needs another approval when the plan changed since', async () => {
    const old = await digest()
    await scene.push({ 'all.toml': variable('2') })
    await waitUntil('another plan', async () => ((await digest()) === old ? undefined : true))
    const { code, stderr } = await scene.operator.komodo('approve', 'e2e', '--digest', old)
    expect(code).toBe(1)
    expect(stderr).toContain('look at it again')
  })

  it('applies the approved plan and records who approved it', async () => {
    const { code, stderr } = await scene.operator.komodo('approve', 'e2e', '--timeout', '30')
    expect(stderr).not.toContain('error')
    expect(code).toBe(0)
    await scene.operator.condition('resourcesyncs', 'e2e', 'Applied', 'True')
    const sync = await scene.operator.get('resourcesyncs', 'e2e')
    expect(sync?.status?.approval).toMatchObject({ by: expect.stringMatching(/./), at: expect.stringMatching(/^20/) })
    expect((await scene.operator.komodo('plan', 'e2e')).code).toBe(0)
    expect((await scene.operator.get('variables', 'a'))?.spec).toMatchObject({ value: '2' })
  })

  it('may be given for a part, which is applied alone; the rest goes on waiting', async () => {
    await scene.push({ 'all.toml': `${variable('3')}[[stack]]\nname = "later"\n[[alerter]]\nname = "mail"\n` })
    const before = await waiting()
    expect(before).toContain('2 to create, 1 to update')
    const part = await scene.operator.komodo('plan', 'e2e', '--only', 'variable/A')
    expect([part.code, part.stdout]).toEqual([2, expect.stringMatching(/value: 2 -> 3\n\nPlan: 1 to update\.\n$/)])
    const { code, stdout } = await scene.operator.komodo('approve', 'e2e', '--only', 'variable/A', '--only', 'Alerter')
    expect([code, stdout]).toEqual([0, expect.stringContaining('applied; what else the plan had goes on waiting')])
    expect((await scene.operator.get('variables', 'a'))?.spec).toMatchObject({ value: '3' })
    expect(await scene.operator.get('alerters', 'mail')).toBeDefined()
    expect(await scene.operator.get('stacks', 'later')).toBeUndefined()
    expect(await waiting()).toMatch(/^\+ create Stack later[^\n]*\n[\s\S]*Plan: 1 to create\.\n$/)
  })

  it('is a right of its own', async () => {
    const may = async (verb: string, resource: string) =>
      (await scene.operator.kubectl('auth', 'can-i', verb, resource, '--as=dev')).stdout.trim()
    await scene.operator.kubectl(
      'create',
      'role',
      'edit-syncs',
      '--verb=get,list,update',
      '--resource=resourcesyncs.komodo.dev',
    )
    await scene.operator.kubectl('create', 'rolebinding', 'dev', '--role=edit-syncs', '--user=dev')
    expect(await may('update', 'resourcesyncs.komodo.dev')).toBe('yes')
    expect(await may('create', 'planapprovals.komodo.dev')).toBe('no')
  })
})
