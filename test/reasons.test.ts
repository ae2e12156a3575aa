import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

/** Where reasons of conditions are given: marks, errors of passes, refusals of hosts, failures of sources. */
const given = [
  /\bmark(?:False|True|Unknown)\(\s*[\w.]+,\s*'([A-Z]\w+)'/g,
  /\bnew (?:Stalled|Waiting|Transient)Error\(\s*[\w.()]+,\s*'([A-Z]\w+)'/g,
  /\bnew (?:HostRejected|DeployFailed|Source)Error\(\s*'([A-Z]\w+)'/g,
]
const code = globSync('{controller/{reconcilers,git,engine,hosts,status},periphery}/**/*.ts', { cwd: root }).filter(
  (file) => !file.endsWith('.test.ts'),
)
const listed = new Set(Array.from(read('docs/reasons.md').matchAll(/^\| `(\w+)` \|/gm), ([, reason]) => reason!))

it('docs/reasons.md explains every reason that is given', () => {
  const reasons = code.flatMap((file) =>
    given.flatMap((pattern) => Array.from(read(file).matchAll(pattern), ([, reason]) => `${reason} (${file})`)),
  )
  expect(reasons.length).toBeGreaterThan(100)
  expect(reasons.filter((reason) => !listed.has(reason.split(' ')[0]!))).toEqual([])
})

it('docs/reasons.md explains none that is not there', () => {
  const all = code.map(read).join('\n')
  expect([...listed].filter((reason) => !all.includes(`'${reason}'`))).toEqual([])
})
