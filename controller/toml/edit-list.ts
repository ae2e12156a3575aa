import { isDeepStrictEqual } from 'node:util'
import type { LayoutNode, ListNode } from './layout.ts'
import { withLineEnds } from './render.ts'
import { lineEnd } from './scan.ts'
import type { Splices } from './splices.ts'
import type { ValueModel } from './vocabulary.ts'
import { writeRow, writeValue } from './write.ts'

/** What lists and tables need to change values in place. */
export interface ValueEditor {
  readonly text: string
  readonly splices: Splices
  readonly lineEnding: string
  /** Whether what is added says its defaults, too: within `params` no schema fills them in. */
  readonly explicit: boolean
  /** False when it does not stand in one place. */
  editValue(node: LayoutNode, model: ValueModel, from: unknown, to: unknown): boolean
  remove(node: LayoutNode): void
}

type ListModel = ValueModel & { type: 'list' }

/** Beyond, a list is written anew as a whole. */
const MOST_COMPARED = 1_000_000

/**
 * Changes a list element by element, so that what stays keeps its line and its comments. False when it must be written anew: the
 * elements are not those that were read, or it is too long.
 */
export function editList(
  node: ListNode,
  model: ListModel,
  from: readonly unknown[],
  to: readonly unknown[],
  editor: ValueEditor,
): boolean {
  if (node.items.length !== from.length || from.length === 0 || from.length * to.length > MOST_COMPARED) return false
  if (to.length === 0 && node.array) return false
  const removed = new Set<number>()
  const inserted = new Map<number, unknown[]>()
  for (const { at, count, items } of gaps(from, to)) {
    const replaced = Math.min(count, items.length)
    for (let i = 0; i < replaced; i++) {
      if (!editor.editValue(node.items[at + i] as LayoutNode, model.item, from[at + i], items[i])) {
        throw new Error('one of its lists is written in a way that cannot be changed in place')
      }
    }
    for (let i = replaced; i < count; i++) removed.add(at + i)
    if (items.length > replaced) inserted.set(at + replaced, items.slice(replaced))
  }
  if (node.array) {
    removeItems(node.array.elements, removed, node.array.range, editor)
    for (const [at, items] of inserted) insertItems(node, at, items, model, editor)
  } else {
    for (const index of removed) editor.remove(node.items[index] as LayoutNode)
    for (const [at, items] of inserted) insertSections(node, at, items, model, editor)
  }
  return true
}

interface Gap {
  at: number
  /** Elements of the old list that go. */
  count: number
  /** Those that come in their place. */
  items: unknown[]
}

/** What is between the elements of a longest common subsequence. */
function gaps(from: readonly unknown[], to: readonly unknown[]): Gap[] {
  const width = to.length + 1
  const lengths = new Uint32Array((from.length + 1) * width)
  for (let i = from.length - 1; i >= 0; i--) {
    for (let j = to.length - 1; j >= 0; j--) {
      const at = i * width + j
      lengths[at] = isDeepStrictEqual(from[i], to[j])
        ? 1 + (lengths[at + width + 1] ?? 0)
        : Math.max(lengths[at + width] ?? 0, lengths[at + 1] ?? 0)
    }
  }
  const result: Gap[] = []
  let gap: Gap | undefined
  const open = (at: number): Gap => {
    if (gap === undefined) {
      gap = { at, count: 0, items: [] }
      result.push(gap)
    }
    return gap
  }
  let [i, j] = [0, 0]
  while (i < from.length || j < to.length) {
    const at = i * width + j
    if (i < from.length && j < to.length && isDeepStrictEqual(from[i], to[j])) {
      gap = undefined
      i++
      j++
    } else if (j >= to.length || (i < from.length && (lengths[at + width] ?? 0) >= (lengths[at + 1] ?? 0))) {
      open(i).count++
      i++
    } else {
      open(i).items.push(to[j])
      j++
    }
  }
  return result
}

type Ranged = { range: [number, number] }

/** Takes elements out of a bracketed list or table, with the commas that they leave over. */
export function removeItems(
  items: readonly Ranged[],
  removed: ReadonlySet<number>,
  [, end]: [number, number],
  { text, splices }: Pick<ValueEditor, 'text' | 'splices'>,
): void {
  if (removed.size === 0) return
  const kept = items.findLastIndex((_, index) => !removed.has(index))
  for (const index of removed) {
    const [start, stop] = items[index]!.range
    if (index > kept) continue
    const next = items[index + 1]!.range[0]
    const comma = commaAfter(text, stop)
    const lineStart = text.lastIndexOf('\n', start - 1) + 1
    // On a line of its own it takes the line along, its comment included; comments above the next one stay.
    if (!text.slice(comma, next).includes('\n')) splices.remove(start, next)
    else if (text.slice(lineStart, start).trim() === '') splices.remove(lineStart, lineEnd(text, comma) + 1)
    else splices.remove(start, comma + (/^[ \t]*/.exec(text.slice(comma, next))?.[0].length ?? 0))
  }
  if (kept === items.length - 1) return
  const last = items.at(-1)!.range[1]
  if (kept < 0) {
    splices.remove(items[0]!.range[0], last)
    return
  }
  const comma = commaAfter(text, last)
  const hasComma = comma > last && comma <= end
  const before = commaAfter(text, items[kept]!.range[1])
  const lineStart = text.lastIndexOf('\n', items[kept + 1]!.range[0] - 1) + 1
  const stop = hasComma ? comma : last
  const closesOnLine = !text.slice(stop, end).includes('\n')
  if (lineStart <= before || (closesOnLine && !text.slice(before, lineStart).includes('#'))) {
    splices.remove(items[kept]!.range[1], last)
    return
  }
  // In lines: the elements' lines go, and the comma before them only if there was none at the end.
  if (!hasComma) splices.remove(before - 1, before)
  splices.remove(lineStart, closesOnLine ? stop : lineEnd(text, stop) + 1)
}

/** Behind the comma that follows, or where it would be. */
function commaAfter(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    const char = text[at]
    if (char === ',') return at + 1
    if (char === '#') at = lineEnd(text, at)
    else if (char === ' ' || char === '\t' || char === '\r' || char === '\n') at++
    else return from
  }
  return from
}

function insertItems(
  { items, array }: ListNode,
  at: number,
  values: readonly unknown[],
  model: ListModel,
  { text, splices, lineEnding, explicit }: ValueEditor,
): void {
  const elements = (array?.elements ?? []) as Ranged[]
  const rendered = values.map((value) => writeValue(value, model.item, explicit))
  const [before, after] = [elements[at - 1], elements[at]]
  const lineOf = (offset: number): number => text.lastIndexOf('\n', offset - 1) + 1
  const reference = after ?? before
  if (reference === undefined || items.length === 0) return
  const inLines = text.slice(lineOf(reference.range[0]), reference.range[0]).trim() === ''
  const indent = inLines ? text.slice(lineOf(reference.range[0]), reference.range[0]) : ''
  if (before === undefined) {
    const separator = inLines ? `,${lineEnding}${indent}` : ', '
    splices.insert(reference.range[0], rendered.map((value) => value + separator).join(''))
    return
  }
  const end = before.range[1]
  const comma = commaAfter(text, end)
  const closesOnLine = after === undefined && !text.slice(comma, array?.range[1]).includes('\n')
  if (!inLines || closesOnLine) {
    const separator = inLines ? `,${lineEnding}${indent}` : ', '
    splices.insert(end, rendered.map((value) => separator + value).join(''))
    return
  }
  const hasComma = comma > end
  if (!hasComma) splices.insert(end, ',')
  const line = lineEnd(text, hasComma ? comma : end)
  const stop = text[line - 1] === '\r' ? line - 1 : line
  const lines = rendered.map((value) => `${lineEnding}${indent}${value}`).join(',')
  splices.insert(stop, hasComma || after !== undefined ? `${lines},` : lines)
}

/** New tables with headers of their own, behind the one before. */
function insertSections(
  { items }: ListNode,
  at: number,
  values: readonly unknown[],
  model: ListModel,
  { text, splices, lineEnding, explicit }: ValueEditor,
): void {
  const header = items[0]?.origin.sections[0]
  if (header === undefined) throw new Error('it is written in a way that cannot be changed in place')
  const path = text.slice(...header.key.range)
  const rows = values.map((value) => lineEnding + withLineEnds(writeRow(path, value, model.item, explicit), lineEnding))
  const before = items[at - 1]
  if (before === undefined) {
    splices.insert(header.range[0], rows.map((row) => `${row.slice(lineEnding.length)}${lineEnding}`).join(''))
    return
  }
  const end = lineEnd(text, lastOffset(before))
  // Keys that are added to the table before stand before the next header.
  if (end === text.length) splices.insert(end, lineEnding + rows.join(''), 1)
  else splices.insert(end + 1, rows.join(''), 1)
}

function lastOffset(node: LayoutNode): number {
  const own = Math.max(0, ...node.origin.sections.map(({ range }) => range[1]))
  const below = node.type === 'table' ? [...node.children.values()] : node.type === 'list' ? node.items : []
  return Math.max(own, ...below.map(lastOffset))
}
