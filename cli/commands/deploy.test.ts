import { afterAll, beforeAll, expect, it } from 'vitest'
import { annotation } from '../../controller/api/names.ts'
import { deploymentKind } from '../../controller/api/v1alpha1/deployment.ts'
import { serverKind } from '../../controller/api/v1alpha1/server.ts'
import { deployment, server } from '../../test/build/objects.ts'
import { type SyncOperator, startSyncOperator } from '../../test/harness/sync-operator.ts'
import { waitUntil } from '../../test/harness/wait-until.ts'
import type { CommandContext } from '../context.ts'
import { noPaint } from '../terminal.ts'
import { deploy } from './deploy.ts'
import { get } from './get.ts'

let operator: SyncOperator
let said: string[] = []
beforeAll(async () => {
  operator = await startSyncOperator()
})
afterAll(() => operator.close())

const print = (text: string) => said.push(text)
const context = (): CommandContext => {
  said = []
  return {
    terminal: { print, note: print, progress: () => {}, progressDone: () => {}, paint: noPaint },
    cwd: operator.directory,
    signal: new AbortController().signal,
    connect: async () => ({ client: operator.client, namespace: 'default' }),
  }
}
const options = { wait: true, timeout: 20 }
const key = { namespace: 'default', name: 'web' }
const setStatus = (status: object) =>
  operator.client.patch(deploymentKind, key, { type: 'merge', body: { status } }, { subresource: 'status' })

it('does not wait for a deploy of what is never deployed', async () => {
  await operator.client.create(serverKind, { ...server('local'), metadata: { name: 'local', namespace: 'default' } })
  await expect(deploy(['server/local'], options, context())).rejects.toThrow('a Server cannot be deployed')
  const { metadata } = await operator.client.get(serverKind, { namespace: 'default', name: 'local' })
  expect(metadata.annotations?.[annotation.deployRequestedAt]).toBeUndefined()
})

it('takes all that is behind the first slash for the name, not another object of which it is a part', async () => {
  const { metadata, ...rest } = deployment('db')
  await operator.client.create(deploymentKind, { ...rest, metadata: { name: metadata.name, namespace: 'default' } })
  const asked = deploy(['deployment/db/blue'], { ...options, wait: false }, context())
  await expect(asked).rejects.toThrow('there is no Deployment "db/blue"')
})

it('ends as soon as the object says that only a human can make it go on, but not for what it said before', async () => {
  const web = deployment('web')
  await operator.client.create(deploymentKind, { ...web, metadata: { name: 'web', namespace: 'default' } })
  const time = '2026-01-01T00:00:00Z'
  const condition = (type: string, status: string, message: string) => ({
    type,
    status,
    reason: 'DependencyCycle',
    message,
    lastTransitionTime: time,
  })
  const stalled = (message: string) => [condition('Ready', 'False', message), condition('Stalled', 'True', message)]
  await setStatus({ conditions: stalled('said before') })
  const outcome = deploy(['web'], options, context()).then(
    () => 'deployed',
    (error: Error) => error.message,
  )
  const requestedAt = await waitUntil('the request', async () => {
    const { metadata } = await operator.client.get(deploymentKind, key)
    return metadata.annotations?.[annotation.requestedAt]
  })
  await setStatus({ conditions: stalled('runs in a circle'), lastHandledReconcileAt: requestedAt })
  expect(await outcome).toBe('Deployment web cannot be deployed: runs in a circle')
})

it('shows that an object is suspended, and what it said before', async () => {
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'Ready', message: 'It runs.', lastTransitionTime: '2026-01-01T00:00:00Z' },
    { type: 'Suspended', status: 'True', reason: 'By', message: 'x', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ]
  await setStatus({ conditions })
  await get('deployment', undefined, {}, context())
  expect(said.join('\n')).toContain('suspended; before: It runs.')
})
