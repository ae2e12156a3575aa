import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ResourceSync, resourceSyncKind } from '../../controller/api/v1alpha1/resource-sync.ts'
import { type SyncOperator, startSyncOperator } from '../../test/harness/sync-operator.ts'
import { waitUntil } from '../../test/harness/wait-until.ts'
import type { CommandContext } from '../context.ts'
import { exit } from '../exit.ts'
import { noPaint } from '../terminal.ts'
import { apply } from './apply.ts'
import { type DiffOptions, diff } from './diff.ts'

let operator: SyncOperator
let said: string[]

beforeAll(async () => {
  operator = await startSyncOperator()
  await mkdir(path.join(operator.directory, 'declared'))
})
afterAll(() => operator.close())

const context = (): CommandContext => {
  said = []
  const say = (text: string) => said.push(text)
  return {
    terminal: { print: say, note: say, progress: () => {}, progressDone: () => {}, paint: noPaint },
    cwd: operator.directory,
    signal: new AbortController().signal,
    connect: async () => ({ client: operator.client, namespace: 'default' }),
  }
}

const declare = (image: string, environment: string, secret = 'correct-horse') =>
  writeFile(
    path.join(operator.directory, 'declared/all.toml'),
    `[[deployment]]
name = "web"
[deployment.config]
image.type = "Image"
image.params.image = "${image}"
environment = """
${environment}
"""
[[variable]]
name = "TOKEN"
value = "${secret}"
is_secret = true
`,
  )
const run = (options: DiffOptions = {}) => diff('declared', options, context())

describe('komodo diff of a folder', () => {
  it('shows what is not there yet against nothing', async () => {
    await declare('nginx:1.26', 'A=1\nB=2')
    expect(await run()).toBe(exit.changes)
    expect(said[0]).toMatch(/^--- \/dev\/null\n\+\+\+ \w+\/\w+ \(declared\/all.toml:\d+\)\n@@ /)
  })

  it('is silent when all is as declared', async () => {
    await apply('declared', { yes: true, wait: true, timeout: 30 }, context())
    expect(await run()).toBe(exit.ok)
    expect(said).toEqual([])
  })

  it('shows each field that differs, texts by their lines, and no secret', async () => {
    await declare('nginx:1.27', 'A=1\nB=3', 'battery-staple')
    expect(await run()).toBe(exit.changes)
    expect(said.toSorted()).toEqual([
      `--- Deployment/web (live)
+++ Deployment/web (declared/all.toml:1)
@@ image.params.image @@
-nginx:1.26
+nginx:1.27
@@ environment @@
 A=1
-B=2
+B=3`,
      expect.stringMatching(
        /^--- Variable\/token \(live\)\n\+\+\+ .*\n@@ value @@\n-\(secret\)\n\+\(another secret\)$/s,
      ),
    ])
  })

  it('looks at some objects only, and fails when one is named in no way that is understood', async () => {
    expect(await run({ only: ['deployment/web'] })).toBe(exit.changes)
    expect(said).toHaveLength(1)
    expect(await run({ only: ['stack/web'] })).toBe(exit.ok)
    await expect(run({ only: ['web'] })).rejects.toThrow('there is no kind "web"')
  })

  it('prints the changes for programs', async () => {
    expect(await run({ output: 'json', only: ['deployment/web'] })).toBe(exit.changes)
    expect(JSON.parse(said[0]!)).toMatchObject({ changes: [{ action: 'update', kind: 'Deployment', name: 'web' }] })
  })

  it('compares nothing that cannot be understood', async () => {
    await writeFile(path.join(operator.directory, 'declared/all.toml'), '[[deployment]\n')
    expect(await run()).toBe(exit.error)
  })
})

describe('komodo diff of what a sync applied', () => {
  it('reads the files as that sync will: nothing to say until they change', async () => {
    const declared = (value: string) => `[[variable]]\nname = "OF_SYNC"\nvalue = "${value}"\n`
    const sync = { includeVariables: true, fileContents: declared('one') }
    await operator.client.create(resourceSyncKind, {
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'ResourceSync',
      metadata: { name: 'owner', namespace: 'default' },
      spec: sync,
    })
    await waitUntil('the sync to be applied', async () => {
      const key = { namespace: 'default', name: 'owner' }
      const { status } = await operator.client.get<ResourceSync>(resourceSyncKind, key)
      return status?.lastAppliedRevision !== undefined
    })
    const file = path.join(operator.directory, 'declared/all.toml')
    await writeFile(file, declared('one'))
    expect(await run()).toBe(exit.ok)
    await writeFile(file, declared('two'))
    expect(await run()).toBe(exit.changes)
    expect(said.join('\n')).toContain('-one\n+two')
  })
})
