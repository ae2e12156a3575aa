import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GitRepository, type GitServer, startGitServer } from '../harness/git-server.ts'
import { haveKubectl } from '../harness/kubectl.ts'
import { TestOperator } from '../harness/operator.ts'

const secret = 'canary-hook-31c4'
/** The commit is a lie: there is none of that hash. */
const bodyFor = (branch: string) =>
  JSON.stringify({ ref: `refs/heads/${branch}`, after: 'd'.repeat(40), repository: { full_name: 'acme/infra' } })
const signatureOf = (body: string) => createHmac('sha256', secret).update(body).digest('hex')

describe.runIf(haveKubectl())('webhooks of a controller that runs', () => {
  let dir: string
  let operator: TestOperator
  let git: GitServer
  let repository: GitRepository
  const agent = new Agent({ keepAlive: true, maxSockets: 200 })
  beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'komodo-webhooks-'))
    git = await startGitServer()
    repository = await git.create('acme/infra.git')
    repository.commit({ 'all.toml': '[[variable]]\nname = "A"\nvalue = "1"\n' })
    operator = await TestOperator.start(path.join(dir, 'operator'))
    const create = ['-n', 'komodo-system', 'create', 'secret', 'generic', 'komodo-webhook']
    expect(await operator.kubectl(...create, `--from-literal=secret=${secret}`)).toMatchObject({ code: 0 })
    const sync = { includeVariables: true, operator: { url: repository.url, interval: '1h' } }
    await operator.apply(
      { ...object('ResourceSync', 'infra'), spec: sync },
      { ...object('ResourceSync', 'quiet'), spec: { fileContents: '# nothing\n', webhookEnabled: false } },
      { ...object('Procedure', 'nightly'), spec: {} },
    )
    await operator.condition('resourcesyncs', 'infra', 'Applied')
  })
  afterAll(async () => {
    agent.destroy()
    await operator?.stop()
    await git?.close()
    rmSync(dir, { recursive: true, force: true })
  })

  const object = (kind: string, name: string) => ({
    apiVersion: 'komodo.dev/v1alpha1',
    kind,
    metadata: { name, namespace: 'default' },
  })

  const post = (
    where: string,
    id: string,
    { branch = 'main', signed }: { branch?: string; signed?: string } = {},
  ): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const body = bodyFor(branch)
      const headers = {
        'x-hub-signature-256': signed ?? signatureOf(body),
        'x-github-delivery': id,
        'content-length': body.length,
      }
      const one = request(`${operator.webhookUrl}/listener/github/${where}`, { method: 'POST', agent, headers })
      one.on('error', reject)
      one.on('response', async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve({ status: response.statusCode ?? 0, text })
      })
      one.end(body)
    })

  const passes = async (): Promise<number> => {
    const text = await (await fetch(`${operator.healthUrl}/metrics`)).text()
    const found = /^controller_runtime_reconcile_time_seconds_count\{controller="resourcesync"\} (\d+)$/m.exec(text)
    return Number(found?.[1])
  }
  const lastDelivery = (id: string) => (found: { status?: Record<string, unknown> }) =>
    (found.status?.lastWebhook as { deliveryId?: string } | undefined)?.deliveryId === id
  const residentMiB = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${operator.pid}/status`, 'utf8'))?.[1]) / 1024

  it('K#1120: a pushed commit is applied, and nobody has to click', async () => {
    const commit = repository.commit({ 'all.toml': '[[variable]]\nname = "A"\nvalue = "2"\n' })
    const { status, text } = await post('push', 'first')
    expect([status, JSON.parse(text)]).toMatchObject([202, { deliveryId: 'first', objects: [{ name: 'infra' }] }])
    await operator.until('resourcesyncs', 'infra', ({ status }) => status?.lastAppliedRevision === commit)
  })

  it('K#865, K#956: a push to the branch of a Repo is applied by a sync that links it, whatever its own branch says', async () => {
    repository.commit({ 'linked.toml': '# nothing\n' }, { branch: 'prod', orphan: true })
    await operator.apply(
      { ...object('Repo', 'shared'), spec: { branch: 'prod', operator: { url: repository.url, interval: '1h' } } },
      {
        ...object('ResourceSync', 'linked'),
        spec: { linkedRepo: 'shared', branch: 'main', includeVariables: true, operator: { interval: '1h' } },
      },
    )
    await operator.condition('resourcesyncs', 'linked', 'SourceReady')
    const commit = repository.commit({ 'linked.toml': '[[variable]]\nname = "B"\nvalue = "1"\n' }, { branch: 'prod' })
    const { text } = await post('push', 'prod', { branch: 'prod' })
    expect(JSON.parse(text)).toMatchObject({ objects: [{ name: 'linked' }, { name: 'shared' }] })
    await operator.until('resourcesyncs', 'linked', ({ status }) => status?.lastAppliedRevision === commit)
  })

  it('a replay looks once more and writes nothing but that it came', async () => {
    const before = await operator.get('variables', 'a')
    expect((await post('push', 'again')).status).toBe(202)
    await operator.until('resourcesyncs', 'infra', lastDelivery('again'))
    expect((await post('push', 'again')).status).toBe(202)
    expect((await operator.get('variables', 'a'))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion)
    expect((await operator.get('resourcesyncs', 'infra'))?.status?.lastWebhook).toMatchObject({ deliveryId: 'again' })
  })

  it('a kind that nothing runs yet shows the delivery, too', async () => {
    const { status, text } = await post('procedure/nightly/__ANY__', 'night')
    expect([status, text]).toEqual([202, expect.stringContaining('accepted, but')])
    await operator.until('procedures', 'nightly', lastDelivery('night'))
  })

  it('an unknown object and a wrong signature get the same bytes', async () => {
    const answers = [
      await post('sync/infra/sync', 'x', { signed: '0'.repeat(64) }),
      await post('sync/unknown/sync', 'x'),
      await post('sync/quiet/sync', 'x'),
      await post('push', 'x', { signed: '' }),
    ]
    for (const answer of answers) expect(answer).toEqual({ status: 401, text: '{"message":"unauthorized"}\n' })
  })

  it('a storm of 1,000 deliveries becomes few passes and few looks at the remote, and takes no memory', async () => {
    const [before, asked, memory] = [await passes(), git.requests.length, residentMiB()]
    const started = performance.now()
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, i) => post('push', `storm-${i}`)))
    const seconds = (performance.now() - started) / 1_000
    expect(answers.filter(({ status }) => status !== 202)).toEqual([])
    const { objects } = JSON.parse(answers.at(-1)?.text ?? '') as { objects: { deliveryId: string }[] }
    await operator.until('resourcesyncs', 'infra', lastDelivery(objects[0]?.deliveryId ?? ''))
    const [ran, looked, grown] = [(await passes()) - before, git.requests.length - asked, residentMiB() - memory]
    console.log(
      `storm: ${seconds.toFixed(1)} s, ${ran} passes, ${looked} requests to the remote, ${grown.toFixed(0)} MiB more`,
    )
    // One a second, and what these passes write themselves.
    expect(ran).toBeLessThan(3 * seconds + 10)
    expect(looked).toBeLessThan(3 * seconds + 10)
    expect(grown).toBeLessThan(64)
  })
})
