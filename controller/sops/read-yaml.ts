import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import { SopsError } from './errors.ts'
import { type Entry, MAX_DEPTH, type Node, type SopsTree, Table } from './tree.ts'

/** Reads YAML, and JSON, which is YAML. Throws `SopsError`; what the parser says is not passed on, it may quote a value. */
export function readYaml(text: string): SopsTree {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { intAsBigInt: true, lineCounter: lines, merge: false, uniqueKeys: true })
  const [document, ...others] = Array.isArray(documents) ? documents : []
  if (document === undefined) throw new SopsError('NotEncrypted', 'the file is empty')
  if (others.length > 0) {
    throw new SopsError('Unsupported', 'the file holds several YAML documents; put each into a file of its own')
  }
  const [fault] = document.errors
  if (fault !== undefined) {
    throw new SopsError('Corrupted', `it is no YAML or JSON (${fault.code})`, fault.linePos?.[0].line)
  }

  const lineOf = (node: unknown): number => {
    const offset = (node as { range?: readonly [number, number, number] | null } | null)?.range?.[0]
    return offset === undefined ? 1 : lines.linePos(offset).line
  }
  const convert = (node: unknown, depth: number): Node => {
    if (depth > MAX_DEPTH)
      throw new SopsError('Corrupted', `it is nested deeper than ${MAX_DEPTH} levels`, lineOf(node))
    if (isAlias(node)) throw new SopsError('Unsupported', 'YAML aliases are not read; SOPS writes none', lineOf(node))
    if (isScalar(node)) return scalarOf(node.value, lineOf(node))
    if (isSeq(node)) return node.items.map((item) => convert(item, depth + 1))
    if (isMap(node)) return new Table(node.items.map((pair) => entryOf(pair, depth)))
    return null
  }
  const entryOf = ({ key, value }: { key: unknown; value: unknown }, depth: number): Entry => {
    if (!isScalar(key) || typeof key.value !== 'string') {
      throw new SopsError('Unsupported', 'a key is no text; SOPS takes text alone', lineOf(key))
    }
    return { key: key.value, value: convert(value, depth + 1), line: lineOf(key) }
  }

  const root = convert(document.contents, 0)
  if (!(root instanceof Table)) throw new SopsError('NotEncrypted', 'the file is no table of keys and values')
  const metadata = root.entries.find(({ key }) => key === 'sops')
  return {
    table: new Table(root.entries.filter((entry) => entry !== metadata)),
    metadata: metadata === undefined ? undefined : plain(metadata.value),
  }
}

function scalarOf(value: unknown, line: number): Node {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value
    default:
      if (value === null || value === undefined) return null
      throw new SopsError('Unsupported', 'a value is of a type that is not read here; put it in quotes', line)
  }
}

/** Metadata as plain JSON. */
function plain(node: Node): unknown {
  if (node instanceof Table) return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]))
  return Array.isArray(node) ? node.map(plain) : node
}
