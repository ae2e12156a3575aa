/**
 * 1,000 ResourceSyncs on 100 remotes that nobody pushes to, at the default interval, all in one process (API, controller, git's own
 * processes counted); then a push to one of them. The git server is real and in a process of its own, which does not count.
 * `syncs.ts [SYNCS [REMOTES]]`.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { isConditionTrue } from '../../controller/api/meta.ts'
import { type ResourceSync, resourceSyncKind } from '../../controller/api/v1alpha1/resource-sync.ts'
import { variableKind } from '../../controller/api/v1alpha1/variable.ts'
import { loadConfig } from '../../controller/config.ts'
import { createLogger } from '../../controller/logging.ts'
import { startOperator } from '../../controller/operator.ts'
import { wire } from '../../controller/wiring.ts'
import { SimulatedHosts } from '../build/simulated-host.ts'
import { startGitServer } from '../harness/git-server.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { report, sized } from './report.ts'

const IDLE_SECONDS = sized(120, 2)
/** Of a sync, by default. */
const INTERVAL_SECONDS = 60
const REST_SECONDS = sized(INTERVAL_SECONDS + 10, 2)

const fileOf = (sync: number, value: string): [string, string] => [
  `s${sync}/all.toml`,
  `[[variable]]\nname = "V${sync}"\nvalue = "${value}"\n`,
]

/** Prints its URL; each line of its input is the number of a sync whose file to push, each line of its output the commit. */
async function serve(syncs: number, remotes: number): Promise<void> {
  const server = await startGitServer({ username: 'ann', password: 'pw' })
  const repositories = []
  const filesOf = (remote: number, value: string): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: syncs }, (_, sync) => sync)
        .filter((sync) => sync % remotes === remote)
        .map((sync) => fileOf(sync, value)),
    )
  for (let remote = 0; remote < remotes; remote += 1) {
    const repository = await server.create(`r${remote}.git`)
    repository.commit(filesOf(remote, 'one'))
    repositories.push(repository)
  }
  console.log(server.url)
  for await (const line of createInterface(process.stdin)) {
    if (line === 'requests') {
      console.log(server.requests.length)
      continue
    }
    const [name, text] = fileOf(Number(line), 'two')
    const remote = Number(line) % remotes
    console.log(repositories[remote]?.commit({ ...filesOf(remote, 'one'), [name]: text }))
  }
  process.exit(0)
}

/** Seconds of processor that this process and its children have used. */
const processorSeconds = (): number => {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? []
  // utime, stime, and those of children that have ended; in hundredths.
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100
}

async function run(count: number, remotes: number): Promise<void> {
  const child = spawn(process.execPath, [import.meta.filename, '--serve', `${count}`, `${remotes}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]()
  const answer = async (): Promise<string> => (await answers.next()).value ?? ''
  const ask = (question: string): Promise<string> => {
    child.stdin.write(`${question}\n`)
    return answer()
  }
  const url = await answer()

  const dir = mkdtempSync(path.join(tmpdir(), 'komodo-syncs-'))
  const flags = [
    '--standalone',
    '--data-dir',
    path.join(dir, 'data'),
    '--listen',
    '127.0.0.1:0',
    '--webhook-listen',
    'off',
    '--health-listen',
    'off',
  ]
  const env = { PATH: process.env.PATH, KOMODO_LOG_LEVEL: process.env.KOMODO_LOG_LEVEL ?? 'warn' }
  const config = loadConfig(flags, { env, cwd: dir, isTerminal: true, hostName: 'bench' })
  if (typeof config === 'string') throw new Error(config)
  const versions = new Map<string, string>()
  const ready = new Set<string>()
  const applied = new Map<string, string | undefined>()
  const operator = await startOperator({
    config,
    logger: createLogger(config.log, process.stderr),
    wiring: (ground, register) => {
      ground.caches.lister<ResourceSync>(resourceSyncKind).onChange(({ after }) => {
        if (after === undefined) return
        const { name, resourceVersion = '' } = after.metadata
        versions.set(name, resourceVersion)
        applied.set(name, after.status?.lastAppliedRevision)
        if (isConditionTrue(after, 'Ready')) ready.add(name)
      }, ground.signal)
      return wire(() => new SimulatedHosts())(ground, register)
    },
  })
  const { client } = operator
  const secret = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true }
  await client.create(secret, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'account', namespace: 'default' },
    type: 'komodo.dev/git-account',
    stringData: { domain: new URL(url).host, username: 'ann', token: 'pw' },
  } as never)
  const startedAt = performance.now()
  for (let sync = 0; sync < count; sync += 1) {
    await client.create(resourceSyncKind, {
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'ResourceSync',
      metadata: { name: `s${sync}`, namespace: 'default' },
      spec: {
        gitProvider: new URL(url).host,
        gitHttps: false,
        gitAccount: 'ann',
        repo: `r${sync % remotes}.git`,
        resourcePath: [`s${sync}`],
        includeVariables: true,
      },
    } as never)
  }
  await waitUntil('all to be Ready', () => ready.size === count, { timeoutMs: 1_200_000, everyMs: 100 })
  report(
    `${count} syncs on ${remotes} remotes: until all are Ready`,
    `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`,
  )

  // What one sync writes, the others look at once more.
  for (let last = ''; ; ) {
    const now = [...versions.values()].join()
    if (now === last) break
    last = now
    await new Promise((resolve) => setTimeout(resolve, REST_SECONDS * 1_000))
  }
  const before = { at: performance.now(), cpu: processorSeconds(), requests: Number(await ask('requests')) }
  const written = new Map(versions)
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1_000))
  const seconds = (performance.now() - before.at) / 1_000
  const share = (processorSeconds() - before.cpu) / seconds
  const requests = Number(await ask('requests')) - before.requests
  report(
    `idle: of one core, over ${IDLE_SECONDS} s (x: of the 2 % allowed)`,
    `${(share * 100).toFixed(2)} %`,
    share / 0.02,
  )
  report('idle: requests to the git server, a remote and minute', (requests / remotes / (seconds / 60)).toFixed(2))
  report('idle: syncs whose object was written', String(differing(written, versions).length))
  report('memory, all in', `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`)

  const variablesAt = async (): Promise<Map<string, string>> => {
    const { items } = await client.list(variableKind, { namespace: 'default' })
    return new Map(items.map(({ metadata: { name, resourceVersion = '' } }) => [name, resourceVersion]))
  }
  const variables = await variablesAt()
  const commit = await ask('7')
  const pushedAt = performance.now()
  const own = Array.from({ length: count }, (_, sync) => `s${sync}`).filter(
    (name) => Number(name.slice(1)) % remotes === 7 % remotes,
  )
  const untouched = new Map(versions)
  await waitUntil('the push to be applied', () => own.every((name) => applied.get(name) === commit), {
    timeoutMs: 120_000,
    everyMs: 100,
  })
  report(
    'a push for one sync: until all of that remote are at it, by polling',
    `${((performance.now() - pushedAt) / 1_000).toFixed(1)} s`,
  )
  const touched = differing(untouched, versions)
  const changed = differing(variables, await variablesAt())
  report(
    '  syncs of that remote, syncs written, objects written',
    `${own.length}, ${touched.length}, ${changed.length}`,
  )
  const others = touched.filter((name) => !own.includes(name))
  // With less rest they are still at what they found of themselves.
  if (others.length > 0 && REST_SECONDS > INTERVAL_SECONDS) throw new Error(`touched ${others.join(', ')}`)
  await operator.stop()
  child.kill()
  rmSync(dir, { recursive: true, force: true })
  process.exit(0)
}

const differing = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] =>
  [...after].filter(([name, version]) => before.get(name) !== version).map(([name]) => name)

const [mode, ...rest] = process.argv.slice(2)
if (mode === '--serve') await serve(Number(rest[0]), Number(rest[1]))
else await run(Number(mode ?? sized(1_000, 20)), Number(rest[0] ?? sized(100, 2)))
