import { type AST, parseTOML } from 'toml-eslint-parser'
import { scan } from './scan.ts'

/**
 * Where everything of a TOML text stands, as the tables and lists that it means: one table may be written in several places, by
 * headers, dotted keys and braces. Offsets are those of the text itself.
 */

export type LayoutNode = TableNode | ListNode | ValueNode

export interface TableNode {
  type: 'table'
  children: Map<string, LayoutNode>
  /** Where its keys stand, in order; nowhere when only tables below it are written. */
  places: Place[]
  /** The table that it is a key of; none for the root and for items of lists. */
  within?: { table: TableNode; key: string }
  origin: Origin
}

export interface ListNode {
  type: 'list'
  items: LayoutNode[]
  /** Written in brackets; otherwise each item has a header of its own. */
  array?: AST.TOMLArray
  origin: Origin
}

export interface ValueNode {
  type: 'value'
  node: AST.TOMLValue
  origin: Origin
}

/** A section or a pair of braces that holds keys of a table, below a dotted prefix. */
export interface Place {
  container: AST.TOMLTopLevelTable | AST.TOMLTable | AST.TOMLInlineTable
  prefix: readonly string[]
}

/** What says that the node is there. */
export interface Origin {
  /** `key = value`, for whatever is not only implied. */
  pair?: AST.TOMLKeyValue
  /** Sections that begin with a header for it. */
  sections: AST.TOMLTable[]
}

export interface Layout {
  root: TableNode
  /** All sections in the order of the text; each ends where the next begins. */
  sections: readonly AST.TOMLTable[]
  /** Where comments start. */
  comments: ReadonlySet<number>
}

/** Throws when the text is not TOML. */
export function layoutOf(text: string): Layout {
  const program = parseTOML(parseable(text))
  const [top] = program.body
  const root = table({ sections: [] })
  root.places.push({ container: top, prefix: [] })
  const sections: AST.TOMLTable[] = []
  for (const part of top.body) {
    if (part.type === 'TOMLKeyValue') addPair(root, part, top)
    else {
      sections.push(part)
      addSection(root, part)
    }
  }
  return { root, sections, comments: new Set(program.comments.map(({ range: [start] }) => start)) }
}

/**
 * A text of the same length that every parser takes: what matters here are places. Backslashes in `"""` strings stand for themselves
 * (see `scan.ts`), and a byte order mark is none of TOML's characters.
 */
function parseable(text: string): string {
  const characters = text.startsWith('\ufeff') ? [' ', text.slice(1)] : [text]
  const { doubled } = scan(text)
  if (doubled.length === 0) return characters.join('')
  const whole = characters.join('')
  const parts: string[] = []
  let from = 0
  for (const at of doubled) {
    parts.push(whole.slice(from, at), '_')
    from = at + 1
  }
  parts.push(whole.slice(from))
  return parts.join('')
}

const table = (origin: Origin): TableNode => ({ type: 'table', children: new Map(), places: [], origin })

function addSection(root: TableNode, section: AST.TOMLTable): void {
  let node: LayoutNode = root
  for (const [depth, step] of section.resolvedKey.entries()) {
    const last = depth === section.resolvedKey.length - 1
    if (typeof step === 'number') {
      if (node.type !== 'list') return
      node.items[step] ??= table({ sections: [] })
      node = node.items[step]
    } else {
      if (node.type !== 'table') return
      const next: LayoutNode = node.children.get(step) ?? emptyNode(section.resolvedKey[depth + 1])
      if (next.type === 'table') next.within ??= { table: node, key: step }
      node.children.set(step, next)
      node = next
    }
    if (last) node.origin.sections.push(section)
  }
  if (node.type !== 'table') return
  node.places.push({ container: section, prefix: [] })
  for (const pair of section.body) addPair(node, pair, section)
}

const emptyNode = (below: string | number | undefined): LayoutNode =>
  typeof below === 'number' ? { type: 'list', items: [], origin: { sections: [] } } : table({ sections: [] })

function addPair(to: TableNode, pair: AST.TOMLKeyValue, container: Place['container']): void {
  const names = pair.key.keys.map(nameOf)
  let node = to
  for (const [depth, name] of names.slice(0, -1).entries()) {
    const next: LayoutNode = node.children.get(name) ?? table({ sections: [] })
    if (next.type !== 'table') return
    node.children.set(name, next)
    const prefix = names.slice(0, depth + 1)
    if (!next.places.some((place) => place.container === container)) next.places.push({ container, prefix })
    node = next
  }
  node.children.set(names.at(-1) ?? '', valueNode(pair.value, { pair, sections: [] }))
}

function valueNode(node: AST.TOMLContentNode, origin: Origin): LayoutNode {
  switch (node.type) {
    case 'TOMLArray': {
      const items = node.elements.map((element) => valueNode(element, { sections: [] }))
      return { type: 'list', items, array: node, origin }
    }
    case 'TOMLInlineTable': {
      const inner = table(origin)
      inner.places.push({ container: node, prefix: [] })
      for (const pair of node.body) addPair(inner, pair, node)
      return inner
    }
    case 'TOMLValue':
      return { type: 'value', node, origin }
  }
}

const nameOf = (key: AST.TOMLBare | AST.TOMLQuoted): string => (key.type === 'TOMLBare' ? key.name : key.value)

/** Of all that makes up a node, however it is spread. */
export function originsOf(node: LayoutNode): Origin[] {
  const own = node.origin.pair !== undefined || node.origin.sections.length > 0 ? [node.origin] : []
  // What stands in one pair goes with it.
  if (node.origin.pair !== undefined) return own
  const below = node.type === 'table' ? [...node.children.values()] : node.type === 'list' ? node.items : []
  const inner = below.flatMap(originsOf)
  // Pairs of a section go with the section.
  const covered = new Set<unknown>(node.origin.sections.flatMap(({ body }) => body))
  return [...own, ...inner.filter(({ pair }) => pair === undefined || !covered.has(pair))]
}

/** Where a block or an element of a list starts. */
export function startOf(node: LayoutNode): number | undefined {
  const [section] = node.origin.sections
  return section?.range[0] ?? rangeOf(node)?.[0]
}

/** Of a value that stands in one piece. */
export function rangeOf(node: LayoutNode): [number, number] | undefined {
  if (node.type === 'value') return node.node.range
  if (node.type === 'list') return node.array?.range
  if (node.origin.pair?.value.type === 'TOMLInlineTable') return node.origin.pair.value.range
  const [place] = node.places
  return place?.container.type === 'TOMLInlineTable' && place.prefix.length === 0 ? place.container.range : undefined
}
