import { expect, inject } from 'vitest'
import { waitUntil } from '../harness/wait-until.ts'
import { conformance, type JsonObject, type Scenario } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const promise = conformance('watch', { crds: (group) => [widgetCrd(group)] })

type WatchEvent = { type: string; object: { metadata: { name: string; resourceVersion: string } } }

const listVersion = async ({ send }: Scenario, path: string): Promise<string> =>
  ((await send('GET', path, undefined, { silent: true })).json.metadata as { resourceVersion: string }).resourceVersion

const widget = (group: string, name: string, more: JsonObject = {}) => ({
  apiVersion: `${group}/v1`,
  kind: 'Widget',
  metadata: { name, labels: { app: 'x' } },
  ...more,
})

promise('A watch from a version tells every later change once, in order', async (scenario) => {
  const { send, patch, core, custom, group, watch } = scenario
  for (const [base, object] of [
    [`${core}/secrets`, { metadata: { name: 'a' } }],
    [`${custom}/widgets`, widget(group, 'a')],
  ] as const) {
    const version = await listVersion(scenario, base)
    const events = watch(`${base}?watch=true&resourceVersion=${version}`, 4)
    await send('POST', base, object, { silent: true })
    await patch(
      'merge',
      `${base}/a`,
      { metadata: { labels: { l: 'v' }, finalizers: ['ex.org/hold'] } },
      { silent: true },
    )
    await send('DELETE', `${base}/a`, undefined, { silent: true })
    await patch('merge', `${base}/a`, { metadata: { finalizers: null } }, { silent: true })
    await events
  }
})

promise(
  'An object that leaves the selector is deleted for the watcher, with its last matching content',
  async (scenario) => {
    const { send, patch, custom, group, watch } = scenario
    const version = await listVersion(scenario, `${custom}/widgets`)
    const byLabel = watch(`${custom}/widgets?watch=1&resourceVersion=${version}&labelSelector=app%3Dx`, 4)
    await send('POST', `${custom}/widgets`, widget(group, 'a', { spec: { color: 'red', size: 1 } }), { silent: true })
    await patch(
      'merge',
      `${custom}/widgets/a`,
      { metadata: { labels: { app: 'y' } }, spec: { size: 2 } },
      { silent: true },
    )
    await patch('merge', `${custom}/widgets/a`, { spec: { size: 3 } }, { silent: true })
    await patch('merge', `${custom}/widgets/a`, { metadata: { labels: { app: 'x' } } }, { silent: true })
    await send('DELETE', `${custom}/widgets/a`, undefined, { silent: true })
    await byLabel
    await watch(`${custom}/widgets?watch=1&resourceVersion=${version}&fieldSelector=spec.color%3Dred`, 5)
  },
)

promise('A watch on a field selector follows the field', async (scenario) => {
  const { send, patch, custom, group, watch } = scenario
  const version = await listVersion(scenario, `${custom}/widgets`)
  const events = watch(`${custom}/widgets?watch=1&resourceVersion=${version}&fieldSelector=spec.color%3Dred`, 3)
  await send('POST', `${custom}/widgets`, widget(group, 'a', { spec: { color: 'red' } }), { silent: true })
  await send('POST', `${custom}/widgets`, widget(group, 'b', { spec: { color: 'blue' } }), { silent: true })
  await patch('merge', `${custom}/widgets/a`, { spec: { color: 'green' } }, { silent: true })
  await patch('merge', `${custom}/widgets/b`, { spec: { color: 'red' } }, { silent: true })
  await events
})

promise('A watch without a version begins with what is there', async ({ send, custom, group, watch }) => {
  await send('POST', `${custom}/widgets`, widget(group, 'a'), { silent: true })
  await watch(`${custom}/widgets?watch=true`, 1)
  await watch(`${custom}/widgets?watch=true&resourceVersion=0`, 1)
})

promise(
  'A watch that streams the list ends it with a marked bookmark',
  async ({ send, custom, core, group, watch }) => {
    await send('POST', `${custom}/widgets`, widget(group, 'a'), { silent: true })
    await send('POST', `${core}/secrets`, { metadata: { name: 'a' } }, { silent: true })
    const query = 'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan'
    await watch(`${custom}/widgets?${query}`, 2)
    await watch(`${core}/secrets?${query}&resourceVersion=0`, 2)
  },
)

promise('Options of a watch that do not fit are refused', async ({ send, custom, core }) => {
  for (const base of [`${custom}/widgets`, `${core}/secrets`]) {
    await send('GET', `${base}?watch=true&sendInitialEvents=true`)
    await send('GET', `${base}?watch=true&sendInitialEvents=true&resourceVersionMatch=Exact`)
    await send('GET', `${base}?watch=true&resourceVersionMatch=NotOlderThan&resourceVersion=1`)
    await send('GET', `${base}?watch=true&resourceVersion=abc`)
    await send('GET', `${base}?watch=true&labelSelector=%3D%3D`)
    await send('GET', `${base}?watch=true&fieldSelector=nope%3D1`)
  }
})

promise('A version that is too old is told inside the stream', async ({ custom, watch }) => {
  const events = await watch(`${custom}/widgets?watch=true&resourceVersion=1&timeoutSeconds=2`, 5, { silent: true })
  // A young standalone API still has its whole history; then nothing is missing and nothing is to be told.
  if (inject('target') === 'standalone' && events.length === 0) return
  expect(events).toEqual([
    {
      type: 'ERROR',
      object: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: expect.stringMatching(/^too old resource version: 1 \(\d+\)$/),
        reason: 'Expired',
        code: 410,
      },
    },
  ])
})

promise('A watch ends by itself after its timeout', async ({ custom, watch }) => {
  const started = performance.now()
  expect(await watch(`${custom}/widgets?watch=true&resourceVersion=0&timeoutSeconds=1`, 5)).toEqual([])
  expect(performance.now() - started).toBeLessThan(5_000)
})

promise(
  'A watch of one name is a list with a selector, never a GET of the name',
  async ({ send, custom, group, watch }) => {
    await send('POST', `${custom}/widgets`, widget(group, 'a'), { silent: true })
    await send('POST', `${custom}/widgets`, widget(group, 'b'), { silent: true })
    await send('GET', `${custom}/widgets/a?watch=1`)
    await watch(`${custom}/widgets?watch=1&fieldSelector=metadata.name%3Da`, 1)
  },
)

promise('A table watch sends its columns once', async (scenario) => {
  const { send, patch, custom, group, watch } = scenario
  const version = await listVersion(scenario, `${custom}/widgets`)
  const headers = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }
  const events = watch(`${custom}/widgets?watch=1&includeObject=None&resourceVersion=${version}`, 2, { headers })
  await send('POST', `${custom}/widgets`, widget(group, 'a', { spec: { size: 1 } }), { silent: true })
  await patch('merge', `${custom}/widgets/a`, { metadata: { labels: { later: 'yes' } } }, { silent: true })
  await events
})

promise('A watch over all namespaces sees each of them', async (scenario) => {
  const { send, namespace, group, watch } = scenario
  const version = await listVersion(scenario, `/apis/${group}/v1/namespaces/${namespace}/widgets`)
  const path = `/apis/${group}/v1/widgets?watch=1&resourceVersion=${version}&fieldSelector=metadata.namespace%3D${namespace}`
  const events = watch(path, 1)
  await send('POST', `/apis/${group}/v1/namespaces/${namespace}/widgets`, widget(group, 'a'), { silent: true })
  await events
})

promise('Resuming at any event misses nothing and repeats nothing', async (scenario) => {
  const { send, patch, custom, group } = scenario
  const version = await listVersion(scenario, `${custom}/widgets`)
  const path = (from: string) => `${custom}/widgets?watch=1&resourceVersion=${from}&timeoutSeconds=1`
  await Promise.all(
    Array.from({ length: 6 }, async (_, index) => {
      await send('POST', `${custom}/widgets`, widget(group, `w${index}`), { silent: true })
      await patch('merge', `${custom}/widgets/w${index}`, { spec: { size: index } }, { silent: true })
      if (index % 2 === 0) await send('DELETE', `${custom}/widgets/w${index}`, undefined, { silent: true })
    }),
  )
  const all = (await scenario.watch(path(version), 99, { silent: true })) as WatchEvent[]
  expect(all).toHaveLength(15)
  const key = ({ type, object: { metadata } }: WatchEvent) => `${type} ${metadata.name} ${metadata.resourceVersion}`
  const versions = all.map(({ object }) => BigInt(object.metadata.resourceVersion))
  expect(versions).toEqual([...versions].sort((a, b) => Number(a - b)))
  expect(new Set(versions).size).toBe(15)
  const rest = await Promise.all(
    [0, 4, 9, 14].map(
      async (at) =>
        [at, (await scenario.watch(path(String(versions[at])), 99, { silent: true })) as WatchEvent[]] as const,
    ),
  )
  for (const [at, events] of rest) expect(events.map(key)).toEqual(all.slice(at + 1).map(key))
})

promise('A watcher hears a change soon after it was answered', async (scenario) => {
  const { send, custom, group, http } = scenario
  const controller = new AbortController()
  const seen: string[] = []
  const version = await listVersion(scenario, `${custom}/widgets`)
  const reading = (async () => {
    const exchange = {
      method: 'GET',
      path: `${custom}/widgets?watch=1&resourceVersion=${version}`,
      signal: controller.signal,
    } as const
    for await (const line of http.lines(exchange)) seen.push((JSON.parse(line) as WatchEvent).object.metadata.name)
  })()
  await send('POST', `${custom}/widgets`, widget(group, 'a'), { silent: true })
  await waitUntil('the event', () => (seen.includes('a') ? true : undefined), { timeoutMs: 2_000, everyMs: 5 })
  controller.abort()
  await reading
})

promise(
  'A watch without a version tells where its beginning ends, to whom takes bookmarks',
  async ({ watch, core }) => {
    await watch(`${core}/secrets?watch=1&allowWatchBookmarks=true&timeoutSeconds=1`, 1)
    await watch(`${core}/secrets?watch=1&allowWatchBookmarks=true&resourceVersion=0&timeoutSeconds=1`, 1)
    await watch(`${core}/secrets?watch=1&timeoutSeconds=1`, 1)
  },
)
