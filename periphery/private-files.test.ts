import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { withPrivateFiles } from './private-files.ts'

let root: string
let memory: string
let stacks: string
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'komodo-private-'))
  memory = path.join(root, 'memory')
  stacks = path.join(root, 'stacks')
  mkdirSync(memory)
  mkdirSync(stacks)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

it('gives files that only this user can read, in memory, and removes them, also after a failure', async () => {
  const fails = withPrivateFiles(
    'app',
    ['A=1\n', 'B=2\n'],
    stacks,
    async (paths) => {
      expect(paths.map((file) => readFileSync(file, 'utf8'))).toEqual(['A=1\n', 'B=2\n'])
      for (const file of paths) {
        expect(file.startsWith(`${memory}/`)).toBe(true)
        expect(statSync(file).mode & 0o777).toBe(0o600)
        expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
      }
      throw new Error('deploy failed')
    },
    memory,
  )
  await expect(fails).rejects.toThrow('deploy failed')
  expect(readdirSync(memory)).toEqual([])
})

it('removes what a crash left, and nothing of others', async () => {
  const leftBehind = async (owner: string) => {
    const name = async ([file = '']: readonly string[]) => path.dirname(file)
    const directory = await withPrivateFiles(owner, ['A=1'], stacks, name, memory)
    mkdirSync(directory)
    writeFileSync(path.join(directory, '0.env'), 'A=1')
    return path.basename(directory)
  }
  await leftBehind('app')
  const theirs = await leftBehind('other')
  await withPrivateFiles('app', ['A=1'], stacks, async () => {}, memory)
  expect(readdirSync(memory)).toEqual([theirs])
})

it('makes do with the directory of the stacks where there is no memory to write to', async () => {
  const none = path.join(root, 'none')
  await withPrivateFiles(
    'app',
    ['A=1'],
    stacks,
    async ([file = '']) => expect(file.startsWith(stacks)).toBe(true),
    none,
  )
  expect(readdirSync(stacks)).toEqual([])
})
