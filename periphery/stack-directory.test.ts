import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeManifest } from '../controller/git/written-files.ts'
import type { ComposeRequest } from '../controller/hosts/port.ts'
import { composeRequest } from '../test/build/container-request.ts'
import { runCommand } from './run-command.ts'
import { forgetProject, type StackRoots, writeStack } from './stack-directory.ts'
import { Stages } from './stages.ts'

let data: string
let roots: StackRoots
let victim: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'komodo-stacks-'))
  roots = { stacks: join(data, 'stacks'), allowed: ['/'] }
  mkdirSync(roots.stacks)
  victim = join(data, 'victim')
  writeFileSync(victim, 'precious')
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

const tools = { run: runCommand, environment: { PATH: process.env.PATH ?? '' }, shell: '/bin/sh' }
const stages = new Stages(tools, [], new AbortController().signal)
const request = (more: Partial<ComposeRequest> = {}): ComposeRequest =>
  composeRequest('services: {}', { filePaths: ['compose.yaml'], environment: [{ key: 'A', value: 'b' }], ...more })

describe('what was written for a stack', () => {
  it('is removed when it is written no more, and when the project goes', async () => {
    await writeStack(roots, request(), stages)
    const directory = join(roots.stacks, 'web')
    expect(readdirSync(directory).sort()).toEqual(['.env', 'compose.yaml'])
    await writeStack(roots, request({ environment: [], filePaths: ['other.yaml'] }), stages)
    expect(readdirSync(directory)).toEqual(['other.yaml'])
    await forgetProject(roots, 'web')
    expect(existsSync(directory)).toBe(false)
  })

  it('is not what a repository brings under the same names', async () => {
    await writeStack(roots, request(), stages)
    const files = { 'compose.yaml': 'services: {}', '.env': 'A=committed' }
    const writeTo = async (directory: string) => {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
      await writeManifest(directory, new Set(Object.keys(files)))
    }
    const source = {
      type: 'tree' as const,
      tree: { revision: 'x', read: async () => undefined, writeTo },
      clonePath: '',
    }
    const { files: used } = await writeStack(roots, request({ source, environment: [] }), stages)
    expect(used).toMatchObject({ composeFiles: ['compose.yaml'], envFiles: ['.env'] })
    expect(readFileSync(join(roots.stacks, 'web/.env'), 'utf8')).toBe('A=committed')
  })

  it.each(['.komodo-operator.json', '.written', '.komodo-files'])(
    'attack: is not what a repository says in a file %s',
    async (name) => {
      const claim = JSON.stringify({ stack: 'web', project: 'web', files: [victim] })
      const writeTo = async (directory: string) => {
        writeFileSync(join(directory, name), claim)
        writeFileSync(join(directory, 'compose.yaml'), 'services: {}')
      }
      const tree = { revision: 'x', read: async () => undefined, writeTo }
      const fromGit = request({ source: { type: 'tree', tree, clonePath: '' } })
      await writeStack(roots, fromGit, stages)
      await writeStack(roots, fromGit, stages)
      await forgetProject(roots, 'web')
      expect(existsSync(victim)).toBe(true)
    },
  )

  it.each(['.written', '..', '.', 'a/b', '../x', ''])('attack: a stack cannot be called %j', async (stack) => {
    await expect(writeStack(roots, request({ stack }), stages)).rejects.toThrow('cannot be the name')
  })
})
