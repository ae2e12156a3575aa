import { SopsError } from './errors.ts'
import { type Entry, type SopsTree, Table } from './tree.ts'

/**
 * Reads dotenv as SOPS does: each line is `KEY=value`, nothing is trimmed, `\n` in a value is a line break, quotes are part of it. Keys
 * that begin with `sops_` are the metadata.
 */
export function readDotenv(text: string): SopsTree {
  const entries: Entry[] = []
  const metadata = new Map<string, string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line === '\r' || line.startsWith('#')) continue
    const at = line.indexOf('=')
    if (at < 0) throw new SopsError('Corrupted', 'the line is neither KEY=value nor a comment', index + 1)
    const key = line.slice(0, at)
    const value = line.slice(at + 1).replaceAll('\\n', '\n')
    if (key.startsWith('sops_')) metadata.set(key.slice('sops_'.length), value.replace(/\r$/, ''))
    else entries.push({ key, value, line: index + 1 })
  }
  return { table: new Table(entries), metadata: metadata.size === 0 ? undefined : unflatten(metadata) }
}

/** `age__list_0__map_recipient=x` is `{ age: [{ recipient: x }] }`. */
function unflatten(flat: ReadonlyMap<string, string>): Record<string, unknown> {
  const metadata: Record<string, unknown> = {}
  const lists = new Map<string, Map<number, Record<string, string>>>()
  for (const [name, value] of flat) {
    const match = /^(\w+?)__list_(\d{1,4})__map_(\w+)$/.exec(name)
    if (match === null) {
      metadata[name] = value === 'true' ? true : value
      continue
    }
    const [, list = '', index = '', key = ''] = match
    const items = lists.get(list) ?? new Map<number, Record<string, string>>()
    lists.set(list, items.set(Number(index), { ...items.get(Number(index)), [key]: value }))
  }
  for (const [list, items] of lists) metadata[list] = [...items].sort(([a], [b]) => a - b).map(([, item]) => item)
  return metadata
}
