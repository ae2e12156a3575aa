import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addFieldOfContributing, type ScratchCopy, scratchCopy } from '../test/harness/scratch-copy.ts'

/** CONTRIBUTING.md says that a field is one line in one file. Here somebody does as it says. What kubectl makes of it: test/integration. */
describe('a stranger who adds the field of CONTRIBUTING.md, by one line in one file', () => {
  let copy: ScratchCopy
  let wrote: string
  beforeAll(() => {
    copy = scratchCopy()
    addFieldOfContributing(copy)
    wrote = copy.run('scripts/generate.ts')
  })
  afterAll(() => copy.remove())

  const read = (file: string): string => readFileSync(path.join(copy.directory, file), 'utf8')

  it('has the CRD, the editor schema and the reference page after `make generate`', () => {
    expect(
      wrote
        .split('\n')
        .filter((line) => line !== '')
        .sort(),
    ).toEqual([
      'wrote crds/komodo.dev_servers.yaml',
      'wrote docs/reference/komodo.schema.json',
      'wrote docs/reference/server.md',
    ])
    expect(read('crds/komodo.dev_servers.yaml')).toMatch(/rack:\n\s+type: string\n[\s\S]{0,80}Rack the host stands in/)
    expect(read('docs/reference/server.md')).toMatch(/`rack`.*Rack the host stands in/)
    expect(read('docs/reference/komodo.schema.json')).toContain('Rack the host stands in.')
  })

  it('has it in TOML, both ways, and a misspelt one is noticed', () => {
    const outcome = copy.evaluate(`
import { read } from './controller/toml/read.ts'
import { writeBlock } from './controller/toml/write.ts'
const text = '[[server]]\\nname = "a"\\n[server.config]\\nrack = "b12"\\n'
const { declarations: [one], diagnostics } = read([{ path: 'a.toml', text }])
const written = writeBlock({ kind: 'Server', name: 'a', spec: one.spec })
const misspelt = read([{ path: 'a.toml', text: text.replace('rack', 'rak') }]).diagnostics[0].message
console.log(JSON.stringify({ spec: one.spec, diagnostics, written, again: read([{ path: 'a.toml', text: written }]).declarations[0].spec, misspelt }))
`)
    expect(outcome).toMatchObject({
      spec: { rack: 'b12' },
      diagnostics: [],
      written: expect.stringContaining('rack = "b12"'),
      again: { rack: 'b12' },
      misspelt: expect.stringContaining('did you mean "rack"?'),
    })
  })

  it('is planned and told apart from its default', () => {
    const fields = copy.evaluate(`
import { read } from './controller/toml/read.ts'
import { syncKinds } from './controller/sync/kinds.ts'
const kind = syncKinds.get('Server')
console.log(JSON.stringify([kind.withDefaults({}).rack, kind.withDefaults({ rack: 'b12' }).rack]))
`)
    expect(fields).toEqual(['', 'b12'])
  })

  it("has its type in TypeScript, `ServerSpec['rack']`", { timeout: 120_000 }, () => {
    const check = (type: string) => {
      const file = path.join(copy.directory, 'scratch.ts')
      copy.evaluate(
        `import type { ServerSpec } from './controller/api/v1alpha1/server.ts'\nexport const rack: ServerSpec['rack'] = ${type}\nconsole.log('null')\n`,
      )
      const tsc = path.join(copy.directory, 'node_modules/.bin/tsc')
      const options = ['--noEmit', '--strict', '--target', 'esnext', '--module', 'nodenext', '--skipLibCheck']
      const extra = ['--allowImportingTsExtensions', '--erasableSyntaxOnly', '--types', 'node', '--ignoreConfig']
      const { status, stdout } = spawnSync(tsc, [...options, ...extra, file], { cwd: copy.directory, encoding: 'utf8' })
      return status === 0 ? 'ok' : stdout
    }
    expect(check("'b12'")).toBe('ok')
    expect(check('12')).toContain("'number' is not assignable to type 'string'")
  })
})
