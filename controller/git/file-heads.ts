import { readdir, readFile, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Heads, HeadsBuilder } from './heads.ts'

/** More branches than this, and git is asked: it knows shorter ways. */
const MAX_LOOSE = 2_000

/**
 * The branches of a repository on this machine, as it keeps them in files; `undefined` when git is to be asked: there is none, or it
 * keeps them in another way.
 */
export async function readHeads(url: string): Promise<Heads | undefined> {
  try {
    const directory = await gitDirectory(isAbsolute(url) ? url : fileURLToPath(url))
    if (directory === undefined) return undefined
    const heads = new HeadsBuilder()
    const [, target] = /^ref: (.+)$/m.exec(await readFile(join(directory, 'HEAD'), 'utf8')) ?? []
    if (target !== undefined) heads.head(target)
    // In this order: what is packed meanwhile is then found in the pack.
    const loose = await looseRefs(directory)
    const packed = await readFile(join(directory, 'packed-refs'), 'utf8').catch(missing)
    for (const [, hash = '', name = ''] of packed.matchAll(/^([0-9a-f]+) (\S+)$/gm)) heads.add(name, hash)
    for (const [name, hash] of loose) heads.add(name, hash)
    return heads.build()
  } catch {
    return undefined
  }
}

/** Bare, or beside a work tree. A work tree that belongs to another one, or refs in a table, is git's business. */
async function gitDirectory(path: string): Promise<string | undefined> {
  const beside = join(path, '.git')
  const inside = await stat(beside).catch(() => undefined)
  if (inside?.isFile()) return undefined
  const directory = inside?.isDirectory() ? beside : path
  const [objects, table, common] = await Promise.all(
    ['objects', 'reftable', 'commondir'].map((name) => stat(join(directory, name)).catch(() => undefined)),
  )
  return objects?.isDirectory() && table === undefined && common === undefined ? directory : undefined
}

async function looseRefs(directory: string): Promise<Map<string, string>> {
  const refs = new Map<string, string>()
  const entries = await readdir(join(directory, 'refs', 'heads'), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.lock'))
  if (files.length > MAX_LOOSE) throw new Error('too many')
  for (const { parentPath, name } of files) {
    const file = join(parentPath, name)
    const hash = (await readFile(file, 'utf8').catch(missing)).trim()
    // A ref that is a link to another one.
    if (hash.startsWith('ref: ')) throw new Error('not plain')
    refs.set(file.slice(directory.length + 1), hash)
  }
  return refs
}

/** Gone since it was listed: packed, or deleted. */
function missing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}
