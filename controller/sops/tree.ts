/** A file as SOPS sees it: a tree of keys and values in order, with what SOPS says about it set apart. */

/** A number is a float; whole numbers are bigints, as SOPS tells the two apart when it authenticates them. */
export type Scalar = string | number | bigint | boolean | null

export type Node = Scalar | readonly Node[] | Table

export class Table {
  readonly entries: readonly Entry[]

  constructor(entries: readonly Entry[]) {
    this.entries = entries
  }
}

/** Each key of a tree once, at whatever depth. */
export function keysOf(node: Node, into = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(node)) for (const item of node) keysOf(item, into)
  if (node instanceof Table) {
    for (const { key, value } of node.entries) keysOf(value, into.add(key))
  }
  return into
}

export interface Entry {
  key: string
  value: Node
  /** 1-based. */
  line: number
}

export interface SopsTree {
  table: Table
  /** What stands below `sops`: JSON values, not checked; `undefined` when there is nothing. */
  metadata: unknown
}

/** As deep as any file that people write. */
export const MAX_DEPTH = 64
