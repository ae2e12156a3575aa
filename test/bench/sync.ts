import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { annotation } from '../../controller/api/names.ts'
import type { ResourceSync } from '../../controller/api/v1alpha1/resource-sync.ts'
import { startSyncOperator, typeOf } from '../harness/sync-operator.ts'
import { waitUntil } from '../harness/wait-until.ts'

/**
 * From a declaration to applied objects, without hosts: the first run, the same again, and one change. `node test/bench/sync.ts [BLOCKS]`.
 */
const blocks = Number(process.argv[2] ?? 1_000)
const contents = (tag: string): string =>
  Array.from(
    { length: blocks },
    (_, i) => `[[stack]]
name = "stack-${i}"
tags = ["bench"]
[stack.config]
server = "server-${i % 50}"
environment = "A = 1\\nB = ${i === 0 ? tag : '2'}"
file_contents = """
services:
  web:
    image: busybox
    command: sleep ${i}
"""
`,
  ).join('')

// Nothing in the API or the controller keeps a process alive; that is for whoever runs them.
const alive = setInterval(() => {}, 60_000)
const operator = await startSyncOperator()
const key = { namespace: 'default', name: 'bench' }
const type = typeOf('ResourceSync')
const get = (): Promise<ResourceSync> => operator.client.get<ResourceSync>(type, key)

async function timed(what: string, act: () => Promise<unknown>, done: (sync: ResourceSync) => boolean): Promise<void> {
  const writes = operator.writes.length
  const started = performance.now()
  await act()
  await waitUntil(what, async () => done(await get()), { timeoutMs: 600_000 })
  const seconds = ((performance.now() - started) / 1000).toFixed(3)
  console.log(`${what.padEnd(28)} ${seconds} s, ${operator.writes.length - writes} writes`)
}

const applied = (sync: ResourceSync): boolean =>
  sync.status?.observedGeneration === sync.metadata.generation &&
  sync.status?.conditions?.some((one) => one.type === 'Applied' && one.status === 'True') === true
const merge = (body: unknown): Promise<unknown> => operator.client.patch(type, key, { type: 'merge', body })
const request = (value: string): Promise<unknown> =>
  merge({ metadata: { annotations: { [annotation.requestedAt]: value } } })
const handled =
  (value: string) =>
  (sync: ResourceSync): boolean =>
    sync.status?.lastHandledReconcileAt === value

await timed(
  `${blocks} new`,
  () =>
    operator.client.create(type, {
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'ResourceSync',
      metadata: key,
      spec: { fileContents: contents('1') },
    }),
  applied,
)
await timed('look again', () => request('a'), handled('a'))
await timed('unchanged', () => request('b'), handled('b'))
await timed('unchanged, once more', () => request('c'), handled('c'))
await timed('one changed', () => merge({ spec: { fileContents: contents('3') } }), applied)
console.log(`resident set ${Math.round(process.memoryUsage.rss() / 1024 / 1024)} MiB`)
await operator.close()
clearInterval(alive)
