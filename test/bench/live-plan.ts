/** `komodo plan DIR --live` of 1,000 blocks that are all applied already: with the start of the process, against a bare start of Node. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { TestOperator } from '../harness/operator.ts'
import { stackFiles } from './corpus.ts'
import { median, report } from './report.ts'

const ROUNDS = 11
const root = path.resolve(import.meta.dirname, '../..')

const dir = mkdtempSync(path.join(tmpdir(), 'komodo-live-plan-'))
const operator = await TestOperator.start(dir)
try {
  const folder = path.join(dir, 'toml')
  mkdirSync(folder)
  // Disabled servers: this is about the plan.
  for (const { path: name, text } of stackFiles(950, 50, 20)) {
    writeFileSync(path.join(folder, name), text.replaceAll('enabled = true', 'enabled = false'))
  }
  const komodo = (...args: string[]): string =>
    execFileSync(path.join(root, 'cli/bin/komodo'), ['--kubeconfig', operator.kubeconfig, ...args], {
      encoding: 'utf8',
    })
  komodo('apply', folder, '--yes')
  const timed = (work: () => unknown): number => {
    const started = performance.now()
    work()
    return performance.now() - started
  }
  const bare: number[] = []
  const plans: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(timed(() => execFileSync(process.execPath, ['--eval', ''])))
    // Any change would end it with exit code 2, and throw.
    plans.push(timed(() => komodo('plan', folder, '--live')))
  }
  const [start, plan] = [median(bare.slice(1)), median(plans.slice(1))]
  report('a bare start of Node', `${start.toFixed(0)} ms`)
  report(
    'komodo plan --live of 1,000 applied blocks, with the start of the process',
    `${plan.toFixed(0)} ms`,
    plan / start,
  )
} finally {
  await operator.stop()
  rmSync(dir, { recursive: true, force: true })
}
