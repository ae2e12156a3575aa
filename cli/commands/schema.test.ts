import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CommandContext } from '../context.ts'
import { exit } from '../exit.ts'
import { noPaint } from '../terminal.ts'
import { schema } from './schema.ts'

let folder: string
let printed: string[]
let noted: string[]

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'schema-'))
  printed = []
  noted = []
})
afterEach(() => rm(folder, { recursive: true }))

const context = (): CommandContext => ({
  terminal: {
    print: (text) => printed.push(text),
    note: (text) => noted.push(text),
    progress: () => {},
    progressDone: () => {},
    paint: noPaint,
  },
  cwd: folder,
  signal: new AbortController().signal,
  connect: () => Promise.reject(new Error('the schema needs no cluster')),
})
const generated = path.resolve(import.meta.dirname, '../../docs/reference/komodo.schema.json')

describe('komodo schema', () => {
  it('prints what docs/reference has', async () => {
    expect(await schema({}, context())).toBe(exit.ok)
    expect(`${printed.join()}\n`).toBe(await readFile(generated, 'utf8'))
  })

  it('writes it to a file, and says how editors take it', async () => {
    expect(await schema({ file: 'komodo.schema.json' }, context())).toBe(exit.ok)
    expect(await readFile(path.join(folder, 'komodo.schema.json'), 'utf8')).toBe(await readFile(generated, 'utf8'))
    expect(printed).toEqual([])
    expect(noted.join()).toContain('#:schema ./komodo.schema.json')
  })
})
