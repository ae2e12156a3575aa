/** Sums up vitest's reports of the two targets. usage: conformance-summary.ts STANDALONE.json REAL.json [TOTAL.json] */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
}

const missing: Report = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0 }

/** A run that left no report counts as one failure. */
const read = (file: string): Report => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : missing)

const describe = ({ numPassedTests, numFailedTests, numPendingTests, numTodoTests }: Report): string =>
  `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests + numTodoTests} skipped`

const [standaloneFile = '', realFile = '', totalFile] = process.argv.slice(2)
const standalone = read(standaloneFile)
const real = read(realFile)
if (totalFile !== undefined) {
  const sum = (key: keyof Report) => standalone[key] + real[key]
  const total: Report = {
    numPassedTests: sum('numPassedTests'),
    numFailedTests: sum('numFailedTests'),
    numPendingTests: sum('numPendingTests'),
    numTodoTests: sum('numTodoTests'),
  }
  mkdirSync(path.dirname(totalFile), { recursive: true })
  writeFileSync(totalFile, JSON.stringify(total))
}
console.log(`conformance: standalone ${describe(standalone)}; kube-apiserver ${describe(real)}`)
