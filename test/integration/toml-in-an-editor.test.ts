import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TomlEditor } from '../harness/toml-language-server.ts'
import { waitUntil } from '../harness/wait-until.ts'

const schema = path.resolve(import.meta.dirname, '../../docs/reference/komodo.schema.json')

let folder: string
let editor: TomlEditor

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'editor-'))
  editor = await TomlEditor.start(folder)
})

afterEach(async () => {
  editor.stop()
  await rm(folder, { recursive: true })
})

/** Types a file that names our schema; `|` is where the cursor stands. */
const type = (text: string) => {
  const before = `#:schema file://${schema}\n${text.split('|')[0]}`
  editor.type(`#:schema file://${schema}\n${text.replace('|', '')}`)
  const lines = before.split('\n')
  return { line: lines.length - 1, character: lines.at(-1)!.length }
}

const hoverOver = (text: string) => {
  const position = type(text)
  return waitUntil('the explanation', () => editor.hover(position))
}

const completionsAt = (text: string) => {
  const position = type(text)
  return waitUntil('completions', async () => {
    const items = await editor.complete(position)
    return items.length > 0 && items
  })
}

describe('an editor with a TOML language server', () => {
  it.each<[what: string, text: string, explanation: string]>([
    ['a key of a block', '[[stack]]\nname = "web"\nde|ploy = true\n', 'keep it running as declared'],
    ['a key below config', '[[stack]]\nname = "web"\n[stack.config]\nproject_n|ame = "web"\n', 'Example: `web`'],
    ['a key with a unit', '[[deployment]]\nname = "a"\nconfig.termination_tim|eout = 5\n', 'Seconds between'],
    ['settings of ours', '[[stack]]\nname = "web"\noperator.min_re|ady = "5s"\n', 'Default: `2s`'],
  ])('explains %s', async (_, text, explanation) => {
    expect(await hoverOver(text)).toContain(explanation)
  })

  it('completes keys, each with its explanation', async () => {
    const items = await completionsAt('[[stack]]\nname = "web"\n[stack.config]\nser|\n')
    const labels = items.map(({ label }) => label)
    expect(labels).toEqual(expect.arrayContaining(['server', 'project_name', 'poll_for_updates']))
    const server = items.find(({ label }) => label === 'server')
    expect(server?.documentation?.value).toContain('Server to deploy to')
  })

  it('underlines a misspelt key', async () => {
    type('[[stack]]\nname = "web"\n[stack.config]\nsever = "a"\n')
    const [found] = await waitUntil('diagnostics', () => editor.diagnostics.length > 0 && editor.diagnostics)
    expect(found?.message).toContain("'sever'")
  })

  it('underlines a value that cannot be', async () => {
    type('[[deployment]]\nname = "web"\n[deployment.config]\nrestart = "sometimes"\n')
    const [found] = await waitUntil('diagnostics', () => editor.diagnostics.length > 0 && editor.diagnostics)
    expect(found).toMatchObject({ message: expect.stringContaining('sometimes'), range: { start: { line: 4 } } })
  })
})
