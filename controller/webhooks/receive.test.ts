import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { signed, WebhookWorld } from '../../test/build/webhooks.ts'
import { providers } from './providers.ts'

const secret = 'canary-installation-secret'
const main = '{"ref":"refs/heads/main"}'
const push = (branch: string, repository = 'acme/infra') =>
  JSON.stringify({ ref: `refs/heads/${branch}`, repository: { full_name: repository } })

let world: WebhookWorld
beforeEach(() => {
  world = new WebhookWorld()
  world.putSecret('komodo-system', 'komodo-webhook', 'secret', secret)
})

const deliver = (path: string, body: string, headers: Record<string, string> = {}) =>
  world.post(path, body, { 'x-github-delivery': 'd1', ...signed(body, secret), ...headers })

/** The other rows are in the tests of the Stack; docs/komodo-vectors.md names them. */
describe('V 16.2 webhooks', () => {
  beforeEach(() => {
    world.put('sync', 'infra')
    world.put('procedure', 'nightly')
    world.put('repo', 'shared', { branch: 'prod' })
    world.put('stack', 'linked', { linkedRepo: 'shared', branch: 'main' })
  })
  const sync = '/listener/github/sync/infra/sync'

  it.each<[string, string, string, Record<string, string>, { status: number; asked: string[]; message: RegExp }]>([
    [
      'github, body `{"ref":"refs/heads/main"}`, correct signature, branch main: ours: 202, it was stored and is still to run',
      sync,
      main,
      {},
      { status: 202, asked: ['ResourceSync/infra look d1'], message: /ResourceSync infra/ },
    ],
    [
      'same without `sha256=` prefix: accepted',
      sync,
      main,
      { 'x-hub-signature-256': signed(main, secret)['x-hub-signature-256']?.slice('sha256='.length) ?? '' },
      { status: 202, asked: ['ResourceSync/infra look d1'], message: /./ },
    ],
    ['wrong signature: 401', sync, main, signed(main, 'wrong'), { status: 401, asked: [], message: /^unauthorized$/ }],
    [
      'unknown id: ours: 401, nobody learns what exists',
      '/listener/github/sync/unknown/sync',
      main,
      {},
      { status: 401, asked: [], message: /^unauthorized$/ },
    ],
    [
      '`ref` = `refs/heads/dev`, branch main: ours: 202, and the reason why nothing happens',
      sync,
      push('dev'),
      {},
      { status: 202, asked: [], message: /ignored: ResourceSync infra follows main, and the push was to dev/ },
    ],
    [
      'body without `ref`: ours: 400, the sender can see that it is wrong',
      sync,
      '{}',
      {},
      { status: 400, asked: [], message: /does not say in `ref`/ },
    ],
    [
      'procedure `.../__ANY__`, any `ref`: ours: accepted, and told that nothing runs it yet',
      '/listener/github/procedure/nightly/__ANY__',
      push('whatever'),
      {},
      { status: 202, asked: ['Procedure/nightly run d1'], message: /./ },
    ],
    [
      'stack with linked_repo on branch `prod`, `ref` prod: runs',
      '/listener/github/stack/linked/deploy',
      push('prod'),
      {},
      { status: 202, asked: ['Stack/linked deploy d1'], message: /./ },
    ],
    [
      'gitlab, wrong token: 401',
      '/listener/gitlab/sync/infra/sync',
      main,
      { 'x-gitlab-token': 'wrong' },
      { status: 401, asked: [], message: /^unauthorized$/ },
    ],
    [
      'gitlab, its token: accepted',
      '/listener/gitlab/sync/infra/sync',
      main,
      { 'x-gitlab-token': secret, 'x-gitlab-event-uuid': 'd1' },
      { status: 202, asked: ['ResourceSync/infra look d1'], message: /./ },
    ],
  ])('%s', async (_, path, body, headers, { status, asked, message }) => {
    const answer = await deliver(path, body, headers)
    expect(answer.status).toBe(status)
    expect(answer.body.message).toMatch(message)
    expect(world.asked).toEqual(asked)
  })
})

describe('past faults of Komodo', () => {
  it('K#85: never answers that it is well when nothing could be stored', async () => {
    world.put('stack', 'web')
    world.outage = true
    const answer = await deliver('/listener/github/stack/web/deploy', main)
    expect(answer).toMatchObject({ status: 503, retryAfterSeconds: 30, body: { deliveryId: 'd1' } })
    expect(answer.body.message).not.toContain('ECONNREFUSED')
  })

  it('K#865, K#956: a push to the linked Repo concerns its stacks and syncs, on the branch of the Repo, not their own', async () => {
    world.put('repo', 'infra-repo', { repo: 'acme/infra', branch: 'prod', server: 'elsewhere' })
    world.put(
      'repo',
      'my-repo',
      { repo: 'acme/infra', branch: 'prod' },
      { annotations: { 'komodo.dev/name': 'My Repo' } },
    )
    world.put('stack', 'web', { linkedRepo: 'infra-repo', branch: 'main', server: 'here' })
    world.put('sync', 'all', { linkedRepo: 'My Repo', branch: 'main' })
    world.put('stack', 'other', { linkedRepo: 'no-such-repo', branch: 'prod' })
    await deliver('/listener/github/push', push('prod'))
    expect(world.asked.sort()).toEqual([
      'Repo/infra-repo look d1',
      'Repo/my-repo look d1',
      'ResourceSync/all look d1',
      'Stack/web deploy d1',
    ])
    world.asked.length = 0
    const answer = await deliver('/listener/github/push', push('main'))
    expect([world.asked, answer.body.message]).toEqual([[], expect.stringContaining('follows acme/infra at main')])
  })

  it('§27.37 without a secret nothing is accepted, also not what is signed with an empty one', async () => {
    world = new WebhookWorld()
    world.put('stack', 'web')
    world.put('stack', 'own', { webhookSecretFrom: { secretKeyRef: { name: 'hooks', key: 'k' } } })
    for (const path of [
      '/listener/github/stack/web/deploy',
      '/listener/github/stack/own/deploy',
      '/listener/github/push',
    ])
      expect((await world.post(path, main, signed(main, ''))).status).toBe(401)
    world.putSecret('komodo-system', 'komodo-webhook', 'secret', '')
    expect((await world.post('/listener/github/stack/web/deploy', main, signed(main, ''))).status).toBe(401)
    expect((await world.post('/listener/gitlab/stack/web/deploy', main, { 'x-gitlab-token': '' })).status).toBe(401)
  })

  it('§27.37 tags, deleted branches and other events trigger nothing, and the answer says so', async () => {
    world.put('sync', 'infra')
    const path = '/listener/github/sync/infra/sync'
    for (const [body, event] of [
      ['{"ref":"refs/tags/main"}', 'push'],
      ['{"ref":"refs/heads/main","deleted":true}', 'push'],
      [main, 'workflow_run'],
    ] as const) {
      const answer = await deliver(path, body, { 'x-github-event': event })
      expect(answer).toMatchObject({ status: 202, body: { objects: [], message: expect.stringMatching(/^ignored: /) } })
    }
    expect(world.asked).toEqual([])
  })
})

describe('the secret', () => {
  it('of the object goes before that of the installation, and does not count elsewhere', async () => {
    world.putSecret('default', 'hooks', 'web', 'own\n')
    world.put('stack', 'web', { webhookSecretFrom: { secretKeyRef: { name: 'hooks', key: 'web' } } })
    world.put('stack', 'api')
    const post = async (name: string, key: string) =>
      (await world.post(`/listener/github/stack/${name}/deploy`, main, signed(main, key))).status
    expect([await post('web', 'own'), await post('web', secret)]).toEqual([202, 401])
    expect([await post('api', 'own'), await post('api', secret)]).toEqual([401, 202])
  })

  it('of the installation wakes by a push to a repository none that has a secret of its own', async () => {
    world.putSecret('default', 'hooks', 'k', 'own')
    world.put('sync', 'guarded', {
      repo: 'acme/infra',
      webhookSecretFrom: { secretKeyRef: { name: 'hooks', key: 'k' } },
    })
    const { body } = await deliver('/listener/github/push', push('main'))
    expect(body).toMatchObject({ objects: [], message: expect.stringContaining('with a webhook secret of its own') })
    world.put('sync', 'open', { repo: 'acme/infra' })
    await deliver('/listener/github/push', push('main'))
    expect(world.asked).toEqual(['ResourceSync/open look d1'])
  })

  it('that an object names and that is missing leaves it without any: the installation’s does not stand in', async () => {
    world.put('stack', 'web', { webhookSecretFrom: { secretKeyRef: { name: 'hooks', key: '__proto__' } } })
    expect((await deliver('/listener/github/stack/web/deploy', main)).status).toBe(401)
    expect(world.lines.at(-1)).toContain('put one into key \\"__proto__\\" of Secret default/hooks')
  })
})

describe('from outside', () => {
  it('a wrong signature, an unknown object, one that takes no webhooks, one without a secret and one that goes look the same', async () => {
    world.put('stack', 'web')
    world.put('stack', 'quiet', { webhookEnabled: false })
    world.put('stack', 'own', { webhookSecretFrom: { secretKeyRef: { name: 'hooks', key: 'k' } } })
    world.put('stack', 'going', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })
    const answers = [
      await deliver('/listener/github/stack/web/deploy', main, signed(main, 'wrong')),
      await deliver('/listener/github/stack/unknown/deploy', main),
      await deliver('/listener/github/stack/quiet/deploy', main),
      await deliver('/listener/github/stack/own/deploy', main),
      await deliver('/listener/github/stack/going/deploy', main),
      await deliver('/listener/github/stack/other-namespace:web/deploy', main),
    ]
    for (const answer of answers)
      expect(answer).toEqual({ status: 401, result: 'unauthorized', body: { message: 'unauthorized' } })
    expect(world.asked).toEqual([])
  })

  it('the log tells the administrator which it was, and a flood of refusals does not fill it', async () => {
    world.put('stack', 'web')
    for (let i = 0; i < 1_000; i++) await deliver('/listener/github/stack/unknown/deploy', main)
    expect(world.lines[0]).toContain('there is no such object that takes webhooks')
    expect(world.lines.length).toBeLessThan(30)
  })
})

describe('what is looked for', () => {
  it('is the Komodo name, the name in Kubernetes, the id in Komodo, or one of these with a namespace', async () => {
    const id = '66b6c2f1e1a2b3c4d5e6f708'
    world.put('stack', 'my-stack', {}, { annotations: { 'komodo.dev/name': 'My Stack', 'komodo.dev/id': id } })
    world.put('stack', 'web', {}, { namespace: 'prod' })
    for (const name of ['My%20Stack', 'my-stack', id, 'default:my-stack', 'prod:web'])
      expect((await deliver(`/listener/github/stack/${name}/deploy`, main)).status).toBe(202)
    expect((await deliver('/listener/github/stack/web/deploy', main)).status).toBe(401)
  })

  it.each([
    ['https://git.example.com/acme/infra.git', true],
    ['http://gitea:3000/acme/infra', true],
    ['https://example.com/git/Acme/Infra.git/', true],
    ['ssh://git@git.example.com:2222/acme/infra.git', true],
    ['git@git.example.com:acme/infra.git', true],
    ['/srv/git/acme/infra.git', true],
    ['https://git.example.com/acme/infra-old.git', false],
    ['https://git.example.com/not-acme/infra.git', false],
    ['https://infra', false],
  ])('by a push to acme/infra: %s: %s', async (url, follows) => {
    world.put('sync', 'by-url', { operator: { url } })
    await deliver('/listener/github/push', push('main'))
    expect(world.asked).toEqual(follows ? ['ResourceSync/by-url look d1'] : [])
  })

  it('by a push is each that follows the branch, whatever its namespace, and no other', async () => {
    world.put('sync', 'a', { repo: 'acme/infra' })
    world.put('stack', 'b', { repo: 'ACME/infra' }, { namespace: 'prod' })
    world.put('stack', 'quiet', { repo: 'acme/infra', webhookEnabled: false })
    world.put('stack', 'dev', { repo: 'acme/infra', branch: 'dev' })
    world.put('stack', 'inline', { fileContents: 'services: {}' })
    world.put('build', 'app', { repo: 'acme/infra' })
    const { body } = await deliver('/listener/github/push', push('main'))
    expect(world.asked.sort()).toEqual(['ResourceSync/a look d1', 'Stack/b deploy d1'])
    expect(body).toMatchObject({ deliveryId: 'd1', message: '2 objects were asked' })
  })

  it('a push to several branches of Bitbucket concerns those of each', async () => {
    world.put('sync', 'a', { repo: 'acme/infra' })
    world.put('sync', 'b', { repo: 'acme/infra', branch: 'dev' })
    const changes = ['main', 'dev', 'x'].map((name) => ({ new: { type: 'branch', name } }))
    const body = JSON.stringify({ push: { changes }, repository: { full_name: 'acme/infra' } })
    const signature = signed(body, secret)['x-hub-signature-256'] ?? ''
    await world.post('/listener/bitbucket/push', body, { 'x-hub-signature': signature, 'x-request-uuid': 'd2' })
    expect(world.asked.sort()).toEqual(['ResourceSync/a look d2', 'ResourceSync/b look d2'])
  })

  it('without a name of the repository is malformed', async () => {
    expect(await deliver('/listener/github/push', main)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('which repository') },
    })
  })
})

describe('the answer', () => {
  it('has an id of its own when the sender gave none', async () => {
    world.put('sync', 'infra')
    const answer = await world.post('/listener/github/sync/infra/sync', main, signed(main, secret))
    expect(answer.body.deliveryId).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('to a ping is 200, once it is signed', async () => {
    world.put('sync', 'infra')
    const path = '/listener/github/sync/infra/sync'
    const ping = { 'x-github-event': 'ping' }
    expect((await deliver(path, '{"zen":""}', ping)).status).toBe(200)
    expect((await deliver(path, '{"zen":""}', { ...ping, ...signed('', secret) })).status).toBe(401)
  })

  it('to a push for a Repo that does not exist says that', async () => {
    world.put('stack', 'web', { linkedRepo: 'gone' })
    const { body } = await deliver('/listener/github/stack/web/deploy', main)
    expect(body.message).toBe('ignored: Stack web takes its repository from the Repo "gone", which does not exist')
  })

  it('is always one, and never a crash, whatever is signed; and no log line holds the body or the secret', async () => {
    world.put('sync', 'infra', { repo: 'acme/infra' })
    const canary = 'canary-body'
    const path = fc.constantFrom(
      ...[...providers.keys()].flatMap((name) => [`/listener/${name}/push`, `/listener/${name}/sync/infra/sync`]),
    )
    const payload = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ ref: fc.oneof(fc.string(), fc.constant('refs/heads/main')), repository: fc.jsonValue() })
        .map((value) => JSON.stringify({ ...value, note: canary })),
    )
    await fc.assert(
      fc.asyncProperty(path, payload, fc.boolean(), async (where, body, asForm) => {
        const signature = signed(body, secret)['x-hub-signature-256'] ?? ''
        const answer = await world.post(where, body, {
          'x-hub-signature-256': signature,
          'x-hub-signature': signature,
          'x-gitlab-token': secret,
          ...(asForm ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        })
        expect([200, 202, 400]).toContain(answer.status)
        expect(JSON.stringify(answer).length).toBeLessThan(2_000)
      }),
      { numRuns: 300 },
    )
    expect(world.lines.join('\n')).not.toContain(canary)
    expect(world.lines.join('\n')).not.toContain(secret)
  })
})
