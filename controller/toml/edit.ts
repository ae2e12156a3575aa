import { isDeepStrictEqual } from 'node:util'
import type { AST } from 'toml-eslint-parser'
import type { SourcePosition } from './declaration.ts'
import { editList, removeItems, type ValueEditor } from './edit-list.ts'
import {
  type Layout,
  type LayoutNode,
  layoutOf,
  originsOf,
  type Place,
  rangeOf,
  startOf,
  type TableNode,
} from './layout.ts'
import { olderKey } from './older-keys.ts'
import { renderKey, renderText, withLineEnds } from './render.ts'
import { lineEnd } from './scan.ts'
import { Splices } from './splices.ts'
import { numberLike, textLike } from './style.ts'
import {
  type BlockModel,
  blockModelOf,
  blockModels,
  type FieldModel,
  type TableModel,
  type TableValue,
  type ValueModel,
} from './vocabulary.ts'
import { type WritableObject, writeBlock, writeEntry, writeValue } from './write.ts'

/**
 * Changes of a file that people keep: only what changes is written, and comments, order, formatting, spellings and line ends stay.
 * Whether the result says what it should is for the reader to tell.
 */

export type Spec = Readonly<Record<string, unknown>>

export type FileEdit =
  /** The block at `at` says `from`, and is to say `to`. */
  | { action: 'change'; kind: string; name: string; at: SourcePosition; from: Spec; to: Spec }
  /** The block goes, with the comments directly above it. */
  | { action: 'remove'; kind: string; at: SourcePosition }
  /** A new block at the end. */
  | { action: 'add'; object: WritableObject }

/** The text with all edits made. Throws when it is not TOML, or written in a way that an edit cannot be made in. */
export function editFile(text: string, edits: readonly FileEdit[]): string {
  const editor = new FileEditor(text)
  for (const edit of edits) editor.make(edit)
  return editor.finish()
}

class FileEditor implements ValueEditor {
  readonly text: string
  readonly splices = new Splices()
  readonly lineEnding: string
  explicit = false
  readonly #layout: Layout
  readonly #lineStarts: number[] = [0]
  /** Keys to add to a place and pairs to take from braces: each place is written once. */
  readonly #added = new Map<Place, string[]>()
  readonly #removed = new Map<AST.TOMLInlineTable, Set<AST.TOMLKeyValue>>()
  #appended = ''
  /** What is removed. A key of one variant may be an older one of another. */
  readonly #gone = new Set<LayoutNode>()
  /** Kind and keys of the table that is edited. */
  #path: string[] = []

  constructor(text: string) {
    this.text = text
    this.lineEnding = /\r\n/.test(text.slice(0, lineEnd(text, 0) + 1)) ? '\r\n' : '\n'
    this.#layout = layoutOf(text)
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1)
  }

  make(edit: FileEdit): void {
    if (edit.action === 'add') {
      const block = writeBlock(edit.object, this.#spellingOf(edit.object.kind))
      this.#appended += this.lineEnding + withLineEnds(block, this.lineEnding)
      return
    }
    const block = this.#blockAt(edit.kind, edit.at)
    if (edit.action === 'remove') this.#removeBlock(block)
    else this.#changeBlock(block, edit)
  }

  finish(): string {
    for (const [place, keys] of this.#added) {
      if (place.container.type !== 'TOMLInlineTable') this.#writeLines(place, keys)
      else if (!this.#removed.has(place.container)) this.#removed.set(place.container, new Set())
    }
    for (const [braces, removed] of this.#removed) this.#writeBraces(braces, removed)
    const edited = this.splices.apply(this.text)
    if (this.#appended === '') return edited
    const separator = edited === '' || edited.endsWith('\n') ? '' : this.lineEnding
    return edited + separator + (edited.trim() === '' ? this.#appended.slice(this.lineEnding.length) : this.#appended)
  }

  /** How the file calls the table, since one spelling is all that a file may have. */
  #spellingOf(kind: string): string | undefined {
    for (const [table, model] of blockModels) {
      const list = model.kind === kind ? this.#layout.root.children.get(table) : undefined
      if (list === undefined) continue
      if (list.type === 'list' && list.array === undefined) return table
      throw new Error(`the file has its "${table}" in one list; write them with headers, [[${table}]]`)
    }
    return undefined
  }

  #blockAt(kind: string, { line, column }: SourcePosition): TableNode {
    const offset = (this.#lineStarts[line - 1] ?? 0) + column - 1
    for (const [table, model] of blockModels) {
      const list = model.kind === kind ? this.#layout.root.children.get(table) : undefined
      const found = list?.type === 'list' && list.items.find((item) => startOf(item) === offset)
      if (found && found.type === 'table') return found
    }
    throw new Error(`there is no block of a ${kind} at line ${line}`)
  }

  #changeBlock(block: TableNode, { kind, name, from, to }: FileEdit & { action: 'change' }): void {
    const { block: wrapper, config, toml } = blockModelOf(kind) as BlockModel
    const namedBy = toml.nameFrom && wrapper.byKey.get(toml.nameFrom.key)?.name
    if (namedBy !== undefined && from[namedBy] !== to[namedBy] && !block.children.has('name')) {
      this.#addEntry(block, ['name'], (key) => `${key} = ${renderText(name)}${this.lineEnding}`)
    }
    this.#path = [kind]
    this.#editTable(block, wrapper, from, to)
    if (!config) return
    this.#path.push('config')
    const [before, after] = [from, to].map((spec) => pick(spec, config.table)) as [Spec, Spec]
    if (isDeepStrictEqual(before, after)) return
    const node = block.children.get('config')
    if (node) {
      if (this.editValue(node, config, before, after)) return
      this.remove(node)
    }
    this.#addConfig(block, config.table, after)
  }

  editValue(node: LayoutNode, model: ValueModel, from: unknown, to: unknown): boolean {
    if (isDeepStrictEqual(from, to)) return true
    if (model.type === 'table' && node.type === 'table' && isSpec(from) && isSpec(to)) {
      if (this.#editNested(node, model, from, to)) return true
    } else if (model.type === 'list' && Array.isArray(from) && Array.isArray(to)) {
      if (node.type === 'list' && editList(node, model, from, to, this)) return true
      // A table may stand for a list of one.
      const isOne = node.type === 'table' && from.length === 1 && to.length === 1
      if (isOne && this.editValue(node, model.item, from[0], to[0])) return true
    }
    const range = rangeOf(node)
    if (range === undefined) return false
    this.splices.replace(...range, this.#rendered(to, model, node))
    return true
  }

  /** False when the value is not written as the table it is. */
  #editNested(node: TableNode, { table, variants, wrapped }: TableValue, from: Spec, to: Spec): boolean {
    if (variants) {
      const [type, params] = [node.children.get('type'), node.children.get('params')]
      const [before, after] = [from.params ?? {}, to.params ?? {}]
      const model = variants.get(String(to.type))
      if (type?.type !== 'value' || params?.type !== 'table' || !model || !isSpec(before) || !isSpec(after))
        return false
      if (from.type !== to.type) this.splices.replace(...type.node.range, renderText(String(to.type)))
      // Without keys, a table that only they imply is not there.
      if (isEmpty(after) && rangeOf(params) === undefined && params.origin.sections.length === 0) {
        this.remove(params)
        this.#addEntry(node, ['params'], (key, inBraces) => `${key} = {}${inBraces ? '' : this.lineEnding}`)
        return true
      }
      const gone = variants
        .get(String(from.type))
        ?.fields.filter(({ name }) => !model.fields.some((f) => f.name === name))
      for (const field of gone ?? []) this.#within('params', () => this.#removeField(params, field))
      this.explicit = true
      this.#within('params', () => this.#editTable(params, model, before, after))
      this.explicit = false
      return true
    }
    if (wrapped && node.children.has('params')) return false
    this.#editTable(node, table, from, to)
    return true
  }

  #editTable(node: TableNode, model: TableModel, from: Spec, to: Spec): void {
    for (const field of model.fields) {
      const [before, after] = [from[field.name], to[field.name]]
      if (isDeepStrictEqual(before, after)) continue
      const child = this.#childOf(node, field)
      if (after === undefined) this.#removeField(node, field)
      else if (!child) this.#add(node, [], field, after)
      else if (!this.#within(field.key, () => this.editValue(child, field.value, before, after))) {
        this.remove(child)
        this.#add(node, [], field, after)
      }
    }
  }

  #removeField(node: TableNode, field: FieldModel): void {
    const child = this.#childOf(node, field)
    if (child) this.remove(child)
  }

  /** By whichever key the file has it: the reader takes older ones where no present one stands. */
  #childOf(node: TableNode, field: FieldModel): LayoutNode | undefined {
    const children = [...node.children].filter(([, child]) => !this.#gone.has(child))
    const spellings = [field.key, ...field.aliases]
    const [kind = '', ...path] = this.#path
    const found =
      children.find(([key]) => spellings.includes(key)) ??
      children.find(([key]) => olderKey(kind, [...path, key])?.now === field.key)
    return found?.[1]
  }

  #within<T>(key: string, edit: () => T): T {
    this.#path.push(key)
    try {
      return edit()
    } finally {
      this.#path.pop()
    }
  }

  #addConfig(block: TableNode, { fields }: TableModel, config: Spec): void {
    for (const field of fields) {
      if (config[field.name] !== undefined) this.#add(block, ['config'], field, config[field.name])
    }
  }

  #add(node: TableNode, path: readonly string[], field: FieldModel, value: unknown): void {
    this.#addEntry(node, [...path, field.key], (key, inBraces) =>
      inBraces
        ? `${key} = ${writeValue(value, field.value, this.explicit)}`
        : withLineEnds(writeEntry(key, value, field, this.explicit), this.lineEnding),
    )
  }

  #addEntry(node: TableNode, path: readonly string[], write: (key: string, inBraces: boolean) => string): void {
    const place = node.places.find(({ prefix }) => prefix.length === 0) ?? node.places[0]
    if (place === undefined) {
      if (!node.within) throw new Error(`there is no place for ${path.join('.')}`)
      this.#addEntry(node.within.table, [node.within.key, ...path], write)
      return
    }
    const key = [...place.prefix, ...path].map(renderKey).join('.')
    const entry = write(key, place.container.type === 'TOMLInlineTable')
    const entries = this.#added.get(place)
    if (entries) entries.push(entry)
    else this.#added.set(place, [entry])
  }

  #writeLines({ container, prefix }: Place, entries: readonly string[]): void {
    const pairs = (container.body as readonly AST.TOMLNode[]).filter((part) => part.type === 'TOMLKeyValue')
    const after = pairs.findLast(({ key }) => key.keys.length === prefix.length + 1) ?? pairs.at(-1)
    const anchor = after?.range[1] ?? (container.type === 'TOMLTable' ? container.key.range[1] : 0)
    const indent = after ? this.#indentAt(after.range[0]) : ''
    const text = entries.map((entry) => indent + entry).join('')
    const end = lineEnd(this.text, anchor)
    if (end < this.text.length) this.splices.insert(end + 1, text)
    else this.splices.insert(end, this.lineEnding + text.replace(/\r?\n$/, ''))
  }

  #writeBraces(braces: AST.TOMLInlineTable, removed: ReadonlySet<AST.TOMLKeyValue>): void {
    const added = [...this.#added].flatMap(([{ container }, pairs]) => (container === braces ? pairs : []))
    const last = braces.body.findLast((pair) => !removed.has(pair))
    if (last === undefined) {
      this.splices.replace(...braces.range, added.length === 0 ? '{}' : `{ ${added.join(', ')} }`)
      return
    }
    if (added.length > 0) this.splices.insert(last.range[1], `, ${added.join(', ')}`)
    removeItems(braces.body, new Set([...removed].map((pair) => braces.body.indexOf(pair))), braces.range, this)
  }

  #rendered(value: unknown, model: ValueModel, before?: LayoutNode): string {
    if (before?.type === 'value') {
      const written = this.text.slice(...before.node.range)
      const alike = typeof value === 'string' ? textLike(written, value) : numberLike(written, value)
      if (alike !== undefined) return alike
    }
    return withLineEnds(writeValue(value, model, this.explicit), this.lineEnding)
  }

  #indentAt(offset: number): string {
    const start = this.text.lastIndexOf('\n', offset - 1) + 1
    return /^[ \t]*/.exec(this.text.slice(start, offset))?.[0] ?? ''
  }

  /** With everything on its lines that belongs to it alone. */
  remove(node: LayoutNode): void {
    this.#gone.add(node)
    for (const { pair, sections } of originsOf(node)) {
      for (const section of sections) this.#removeSection(section)
      if (pair === undefined) continue
      if (pair.parent.type === 'TOMLInlineTable') {
        const removed = this.#removed.get(pair.parent) ?? new Set()
        this.#removed.set(pair.parent, removed.add(pair))
      } else this.#removeLines(pair.range[0], pair.range[1])
    }
  }

  /** With the comments directly above its header. */
  #removeSection({ range: [start, end] }: AST.TOMLTable): void {
    this.#removeLines(this.#aboveHeader(start), end)
  }

  /** Where the comments begin that stand directly above a header; without any, where its line does. */
  #aboveHeader(start: number): number {
    let from = this.text.lastIndexOf('\n', start - 1) + 1
    while (from > 0) {
      const above = this.text.lastIndexOf('\n', from - 2) + 1
      const text = above + (/^[ \t]*/.exec(this.text.slice(above, from))?.[0].length ?? 0)
      if (!this.#layout.comments.has(text)) break
      from = above
    }
    return from
  }

  /** From the start of the line of `start` to the end of the line of `end`, comments behind it included. */
  #removeLines(start: number, end: number): void {
    const from = this.text.lastIndexOf('\n', start - 1) + 1
    this.splices.remove(from, Math.min(lineEnd(this.text, end) + 1, this.text.length))
  }

  /** With the comments directly above it, and the blank lines up to what follows. */
  #removeBlock(block: TableNode): void {
    const sections = originsOf(block).flatMap((origin) => origin.sections)
    if (sections.length === 0) {
      throw new Error('it is written as an element of a list; write the blocks of the file with headers')
    }
    for (const section of sections) this.#removeSection(section)
    const [first, last] = [Math.min(...sections.map(({ range }) => range[0])), Math.max(...sections.map(endOf))]
    const from = this.#aboveHeader(first)
    const next = lineEnd(this.text, last) + 1
    const blank = /^(?:[ \t]*\r?\n)*/.exec(this.text.slice(next))?.[0].length ?? 0
    if (next + blank < this.text.length) this.splices.remove(next, next + blank)
    else {
      // At the end of the file it is the blank lines above that go.
      const above = /(?:(?<=\n)[ \t]*\r?\n)*$/.exec(this.text.slice(0, from))?.[0].length ?? 0
      this.splices.remove(from - above, from)
    }
  }
}

const endOf = ({ range }: { range: [number, number] }): number => range[1]

/** The part of a spec that a table holds. */
const pick = (spec: Spec, { fields }: TableModel): Spec =>
  Object.fromEntries(fields.flatMap(({ name }) => (spec[name] === undefined ? [] : [[name, spec[name]]])))

const isSpec = (value: unknown): value is Spec => typeof value === 'object' && value !== null && !Array.isArray(value)

const isEmpty = (spec: Spec): boolean => Object.values(spec).every((value) => value === undefined)
