/** Reading and planning new blocks, without any API or host: Komodo Core needs 0.5-0.6 s for 10,000 (its pending view). */
import { parse } from 'smol-toml'
import { syncKinds } from '../../controller/sync/kinds.ts'
import { planSync } from '../../controller/sync/plan.ts'
import { describeChanges } from '../../controller/sync/plan-parts.ts'
import { read } from '../../controller/toml/read.ts'
import { stackFiles } from './corpus.ts'
import { median, report } from './report.ts'

/** Until so many were read, V8 still compiles; each of the two then at another time. */
const WARM_BLOCKS = 60_000

const measure = (blocks: number) => {
  const files = stackFiles(blocks, 50, 5)
  const timed = <T>(work: () => T): { ms: number; result: T } => {
    const started = performance.now()
    const result = work()
    return { ms: performance.now() - started, result }
  }
  const count = Math.max(9, WARM_BLOCKS / blocks)
  const rounds = Array.from({ length: count }, () => {
    const bare = timed(() => files.map(({ text }) => parse(text)))
    const reading = timed(() => read(files))
    const planning = timed(() => {
      const plan = planSync({
        scope: {
          namespace: 'default',
          name: 'bench',
          matchTags: [],
          includeResources: true,
          includeVariables: true,
          includeUserGroups: true,
        },
        prune: true,
        deletionBudget: 10,
        declarations: reading.result.declarations,
        partial: false,
        kinds: syncKinds,
        live: new Map(),
        secrets: new Map(),
        inventory: new Set(),
        digestKey: new Uint8Array(32),
      })
      return describeChanges(plan).length
    })
    return { bare: bare.ms, read: reading.ms, plan: planning.ms }
  }).slice(Math.floor(count / 3))
  return {
    bare: median(rounds.map(({ bare }) => bare)),
    read: median(rounds.map(({ read }) => read)),
    plan: median(rounds.map(({ plan }) => plan)),
  }
}

for (const blocks of [1_000, 10_000]) {
  const { bare, read, plan } = measure(blocks)
  report(`read ${blocks} blocks (positions, validation), against smol-toml alone`, `${read.toFixed(0)} ms`, read / bare)
  report(`plan ${blocks} new blocks`, `${plan.toFixed(0)} ms`)
  report(`read + plan ${blocks} new blocks`, `${(read + plan).toFixed(0)} ms`)
}
report('RSS', `${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`)
