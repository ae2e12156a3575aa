/**
 * From one git commit to all Ready: N Stacks on 50 simulated servers, all in one process (API, controller, hosts). A real Komodo
 * Core needs 112-149 s only to create 1,000, and some 50 minutes for 10,000; idle with 1,000 it uses 117 MB and 0.6 % of a core
 * without its database. `fleet.ts [N ...]`, default 1000; each size runs in a process of its own.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isConditionTrue } from '../../controller/api/meta.ts'
import { annotation } from '../../controller/api/names.ts'
import { type ResourceSync, resourceSyncKind } from '../../controller/api/v1alpha1/resource-sync.ts'
import { type Server, serverKind } from '../../controller/api/v1alpha1/server.ts'
import { type Stack, stackKind } from '../../controller/api/v1alpha1/stack.ts'
import { loadConfig } from '../../controller/config.ts'
import { createLogger } from '../../controller/logging.ts'
import { nodeEnvironment, nodeFlags } from '../../controller/memory.ts'
import { type Operator, startOperator } from '../../controller/operator.ts'
import { wire } from '../../controller/wiring.ts'
import { SimulatedHosts } from '../build/simulated-host.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { metricsOf } from './metrics.ts'
import { report, sized } from './report.ts'

const SERVERS = 50
const IDLE_SECONDS = sized(60, 2)
/** Until what follows the last pass is over. */
const REST_SECONDS = sized(25, 2)
/** Seconds that a real Core needs, by number of stacks (1,000: measured; 10,000: extrapolated from 2,456). */
const CORE_SECONDS: Readonly<Record<number, number>> = { 1000: 112, 10000: 3_000 }
const MIB = 2 ** 20

const repository = (folder: string, count: number): void => {
  const git = (...args: string[]): unknown => execFileSync('git', ['-C', folder, ...args])
  mkdirSync(folder)
  git('init', '--quiet', '--initial-branch=main')
  const servers = Array.from(
    { length: SERVERS },
    (_, index) => `[[server]]\nname = "server-${index}"\n[server.config]\naddress = "local"\nenabled = true\n`,
  )
  const stacks = Array.from(
    { length: count },
    (_, index) => `[[stack]]
name = "stack-${index}"
tags = ["bench"]
deploy = true
[stack.config]
server = "server-${index % SERVERS}"
environment = """
INDEX=${index}
MODE=bench
"""
file_contents = """
services:
  web:
    image: busybox:test
    environment:
      INDEX: \${INDEX}
"""
`,
  )
  writeFileSync(path.join(folder, 'servers.toml'), servers.join('\n'))
  writeFileSync(path.join(folder, 'stacks.toml'), stacks.join('\n'))
  git('add', '.')
  git('-c', 'user.name=bench', '-c', 'user.email=bench@example.com', 'commit', '--quiet', '--message', 'bench')
}

/** API requests that change something, so far. */
const writesSoFar = async (operator: Operator): Promise<number> => {
  const text = await metricsOf(operator)
  const lines = text.matchAll(
    /^rest_client_requests_total\{code="\d+",method="(POST|PUT|PATCH|DELETE)"[^}]*\} (\d+)$/gm,
  )
  return [...lines].reduce((sum, [, , count]) => sum + Number(count), 0)
}

/** Passes of the ResourceSync: how many, and milliseconds in all. */
const syncPasses = async (operator: Operator): Promise<{ count: number; ms: number }> => {
  const text = await metricsOf(operator)
  const value = (suffix: string): number =>
    Number(
      new RegExp(`^controller_runtime_reconcile_time_seconds_${suffix}\\{controller="resourcesync"\\} (.+)$`, 'm').exec(
        text,
      )?.[1],
    )
  return { count: value('count'), ms: value('sum') * 1_000 }
}

const run = async (count: number): Promise<void> => {
  const dir = mkdtempSync(path.join(tmpdir(), 'komodo-fleet-'))
  repository(path.join(dir, 'repo'), count)
  const config = loadConfig(
    [
      '--standalone',
      '--data-dir',
      path.join(dir, 'data'),
      '--listen',
      '127.0.0.1:0',
      '--health-listen',
      '127.0.0.1:0',
      '--webhook-listen',
      'off',
    ],
    {
      env: { PATH: process.env.PATH, KOMODO_LOG_LEVEL: process.env.KOMODO_LOG_LEVEL ?? 'warn' },
      cwd: dir,
      isTerminal: true,
      hostName: 'bench',
    },
  )
  if (typeof config === 'string') throw new Error(config)
  const hosts = new SimulatedHosts()
  const inner = wire(() => hosts)
  let ready = 0
  let whenAllReady = (): void => {}
  const isReady = (object?: Readonly<Stack>): number => Number(object !== undefined && isConditionTrue(object, 'Ready'))

  const startedAt = performance.now()
  const operator = await startOperator({
    config,
    logger: createLogger(config.log, process.stderr),
    wiring: (ground, register) => {
      ground.caches.lister<Server>(serverKind)
      ground.caches.lister<Stack>(stackKind).onChange(({ before, after }) => {
        ready += isReady(after) - isReady(before)
        if (ready === count) whenAllReady()
      }, ground.signal)
      return inner(ground, register)
    },
  })
  const { client } = operator
  report('start to serving, new data directory', `${Math.round(performance.now() - startedAt)} ms`)

  const allReady = new Promise<void>((resolve) => {
    whenAllReady = resolve
  })
  const cpuBefore = process.cpuUsage()
  const appliedAt = performance.now()
  const sync = { metadata: { namespace: 'default', name: 'fleet' } }
  await client.create<ResourceSync>(resourceSyncKind, {
    apiVersion: 'komodo.dev/v1alpha1',
    kind: 'ResourceSync',
    ...sync,
    spec: {
      resourcePath: ['.'],
      operator: { url: path.join(dir, 'repo'), interval: '1h', approval: 'Auto' },
    } as unknown as ResourceSync['spec'],
  })
  const giveUp = setTimeout(() => {
    console.error(`only ${ready} of ${count} became Ready`)
    process.exit(1)
  }, 600_000)
  await allReady
  clearTimeout(giveUp)
  const seconds = (performance.now() - appliedAt) / 1_000
  const cpu = process.cpuUsage(cpuBefore)
  const core = CORE_SECONDS[count]
  report(
    `${count} Stacks on ${SERVERS} servers, from one commit to all Ready (x: a real Core's creates)`,
    `${seconds.toFixed(1)} s`,
    core && core / seconds,
  )
  report('  a Stack', `${((seconds * 1_000) / count).toFixed(2)} ms`)
  report('  processor time', `${((cpu.user + cpu.system) / 1e6).toFixed(1)} s`)
  report('  most memory at a time, all in', `${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`)
  report('  API writes a Stack', ((await writesSoFar(operator)) / count).toFixed(2))
  report('  deploys a Stack', (hosts.commandCount / count).toFixed(2))

  const handled = async (request: string): Promise<void> => {
    const body = { metadata: { annotations: { [annotation.requestedAt]: request } } }
    await client.patch(resourceSyncKind, sync.metadata, { type: 'merge', body })
    const look = async () =>
      (await client.get<ResourceSync>(resourceSyncKind, sync.metadata)).status?.lastHandledReconcileAt === request
    await waitUntil(`the sync to handle ${request}`, look, { timeoutMs: 120_000 })
  }
  await handled('settle')
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  const before = {
    writes: await writesSoFar(operator),
    commands: hosts.commandCount,
    passes: await syncPasses(operator),
  }
  for (let round = 0; round < 5; round++) await handled(`again-${round}`)
  const after = {
    writes: await writesSoFar(operator),
    commands: hosts.commandCount,
    passes: await syncPasses(operator),
  }
  const passMs = (after.passes.ms - before.passes.ms) / (after.passes.count - before.passes.count)
  report('the same again, unchanged, git included', `${passMs.toFixed(1)} ms`)
  // Each round asks by an annotation and is told so in the sync's own status.
  report(
    '  API writes beside the asking, agent commands',
    `${after.writes - before.writes - 10}, ${after.commands - before.commands}`,
  )

  await new Promise((resolve) => setTimeout(resolve, REST_SECONDS * 1_000))
  const idleWrites = await writesSoFar(operator)
  const idleBefore = { cpu: process.cpuUsage(), at: performance.now() }
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1_000))
  const idle = process.cpuUsage(idleBefore.cpu)
  const share = (idle.user + idle.system) / 1_000 / (performance.now() - idleBefore.at)
  report('idle: memory, all in', `${Math.round(process.memoryUsage().rss / MIB)} MiB`)
  report(
    `idle: of one core, over ${IDLE_SECONDS} s (x: a real Core, without its database)`,
    `${(share * 100).toFixed(2)} %`,
    0.006 / share,
  )
  report('idle: API writes', String((await writesSoFar(operator)) - idleWrites))
  await operator.stop()
  rmSync(dir, { recursive: true, force: true })
  process.exit(0)
}

const sizes = process.argv.slice(2)
if (sizes[0] === '--run') await run(Number(sizes[1]))
else {
  for (const size of sizes.length === 0 ? ['1000'] : sizes) {
    const { status } = spawnSync(process.execPath, [...nodeFlags, import.meta.filename, '--run', size], {
      stdio: 'inherit',
      env: { ...nodeEnvironment, ...process.env },
    })
    if (status !== 0) process.exit(1)
  }
}
