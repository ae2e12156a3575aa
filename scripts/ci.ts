/** Runs each guard of the project and sums up. A guard that is not a test run counts as one test. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'

interface Tally {
  passed: number
  failed: number
  skipped: number
}

interface Guard {
  name: string
  argv: readonly [string, ...string[]]
  /** Where the guard leaves vitest's JSON report, if it runs tests. */
  report?: string
}

const testReport = '.cache/ci/test.json'
const conformanceReport = '.cache/ci/conformance.json'

const guards: readonly Guard[] = [
  {
    name: 'tests (the README command)',
    argv: ['make', 'test', `VITEST_FLAGS=--reporter=default --reporter=json --outputFile.json=${testReport}`],
    report: testReport,
  },
  {
    name: 'conformance against a real kube-apiserver',
    argv: ['make', 'conformance', `REPORT=${conformanceReport}`],
    report: conformanceReport,
  },
  { name: 'every benchmark runs to its end', argv: ['scripts/bench.sh', '--brief'] },
  { name: 'types, lint, dead code, generated files', argv: ['make', 'verify'] },
  { name: 'the first run: make up', argv: ['make', 'up'] },
  { name: 'the first run twice is harmless', argv: ['make', 'up'] },
  { name: 'make down', argv: ['make', 'down'] },
]

const run = (guard: Guard): Tally => {
  console.log(`\n=== ${guard.name}: ${guard.argv.join(' ')}`)
  const started = performance.now()
  const [command, ...args] = guard.argv
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const ok = status === 0
  console.log(
    `=== ${guard.name}: ${ok ? 'ok' : `FAILED (${status})`} in ${Math.round((performance.now() - started) / 1000)} s`,
  )
  const tally = guard.report === undefined ? undefined : readReport(guard.report)
  if (tally === undefined) return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 }
  return ok ? tally : { ...tally, failed: Math.max(1, tally.failed) }
}

const readReport = (file: string): Tally | undefined => {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>
    return {
      passed: report.numPassedTests ?? 0,
      failed: report.numFailedTests ?? 0,
      skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
    }
  } catch {
    return undefined
  }
}

rmSync('.cache/ci', { recursive: true, force: true })
mkdirSync('.cache/ci', { recursive: true })
const total = guards.map(run).reduce((sum, tally) => ({
  passed: sum.passed + tally.passed,
  failed: sum.failed + tally.failed,
  skipped: sum.skipped + tally.skipped,
}))
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 ? 0 : 1
