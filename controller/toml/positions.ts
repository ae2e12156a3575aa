import type { SourcePosition } from './declaration.ts'
import { endOfMultiline, endOfString, lineEnd, type Scan } from './scan.ts'

/** Table names, keys and indices from the root of the document. */
export type TomlPath = readonly (string | number)[]

interface Section {
  path: TomlPath
  start: number
  end: number
  header?: number
}

/** Finds where things stand in a file. Made for messages: nothing is looked up before somebody asks. */
export class Positions {
  readonly #file: string
  readonly #source: string
  readonly #headers: readonly number[]
  #line = 1
  #lineStart = 0
  #sections: readonly Section[] | undefined
  #blockHeaders: ReadonlyMap<string, readonly number[]> | undefined

  constructor(file: string, source: string, { headers }: Scan) {
    this.#file = file
    this.#source = source
    this.#headers = headers
  }

  /** Cheap when the offsets that are asked for ascend, as those of blocks do. */
  at(offset: number): SourcePosition {
    if (offset < this.#lineStart) {
      this.#line = 1
      this.#lineStart = 0
    }
    for (;;) {
      const next = this.#source.indexOf('\n', this.#lineStart) + 1
      if (next === 0 || next > offset) break
      this.#line++
      this.#lineStart = next
    }
    return { file: this.#file, line: this.#line, column: offset - this.#lineStart + 1 }
  }

  /** Of the header of each `[[table]]`, in order. */
  blocks(table: string): SourcePosition[] {
    this.#blockHeaders ??= blockHeaders(this.#source, this.#headers)
    return (this.#blockHeaders.get(table) ?? []).map((offset) => this.at(offset))
  }

  /** Of the key or element at `path`; of the nearest one above it that can be found otherwise. */
  find(path: TomlPath): SourcePosition {
    let best: { depth: number; offset: number } = { depth: -1, offset: 0 }
    for (const section of this.#all()) {
      if (!startsWith(path, section.path)) {
        // `stacks` is where the first `[[stacks]]` or `[stacks.config]` is.
        if (section.header !== undefined && path.length > best.depth && startsWith(section.path, path)) {
          best = { depth: path.length, offset: section.header }
        }
        continue
      }
      if (section.header !== undefined && section.path.length > best.depth) {
        best = { depth: section.path.length, offset: section.header }
      }
      const found = findInTable(this.#source, section.start, section.end, path.slice(section.path.length), undefined)
      if (found && section.path.length + found.depth > best.depth) {
        best = { depth: section.path.length + found.depth, offset: found.offset }
      }
    }
    return this.at(best.offset)
  }

  #all(): readonly Section[] {
    this.#sections ??= sections(this.#source, this.#headers)
    return this.#sections
  }
}

/** Offsets of the headers of tables at the top, by name. Every block needs its own, so nothing more is looked at. */
function blockHeaders(source: string, headers: readonly number[]): Map<string, number[]> {
  const result = new Map<string, number[]>()
  for (const header of headers) {
    if (!source.startsWith('[[', header)) continue
    const inside = source.slice(header + 2, source.indexOf(']]', header)).trim()
    const quoted = /^(["']).*\1$/.test(inside)
    if (!quoted && inside.includes('.')) continue
    const name = quoted ? unquote(inside) : inside
    const offsets = result.get(name)
    if (offsets) offsets.push(header)
    else result.set(name, [header])
  }
  return result
}

/** The parts of a file below each header, with the full path of the table, indices of arrays included. */
function sections(source: string, headers: readonly number[]): Section[] {
  const result: Section[] = [{ path: [], start: 0, end: headers[0] ?? source.length }]
  const lengths = new Map<string, number>()
  for (const [index, header] of headers.entries()) {
    const isArray = source.startsWith('[[', header)
    const keys = readKeys(source, header + (isArray ? 2 : 1), lineEnd(source, header)).keys
    const path: (string | number)[] = []
    let id = ''
    for (const [depth, { name }] of keys.entries()) {
      path.push(name)
      id += `\0${name}`
      const last = depth === keys.length - 1
      const length = lengths.get(id)
      if (last && isArray) {
        lengths.set(id, (length ?? 0) + 1)
        path.push(length ?? 0)
        id += `\0${length ?? 0}`
      } else if (length !== undefined) {
        path.push(length - 1)
        id += `\0${length - 1}`
      }
    }
    result.push({ path, start: lineEnd(source, header), end: headers[index + 1] ?? source.length, header })
  }
  return result
}

interface Found {
  /** How much of the path was found. */
  depth: number
  offset: number
}

/** Looks through `key = value` from `start`, up to `close` (a brace) or `end`. */
function findInTable(
  source: string,
  start: number,
  end: number,
  path: TomlPath,
  close: string | undefined,
): Found | undefined {
  if (path.length === 0) return undefined
  let best: Found | undefined
  let at = skipBlank(source, start, end)
  while (at < end && source[at] !== close) {
    const { keys, next } = readKeys(source, at, end)
    if (keys.length === 0 || source[next] !== '=') return best
    const valueAt = skipBlank(source, next + 1, end)
    const matches = keys.findIndex(({ name }, index) => name !== path[index])
    const depth = matches < 0 ? keys.length : matches
    if (depth > (best?.depth ?? 0)) best = { depth, offset: keys[depth - 1]!.offset }
    if (matches < 0) {
      const inside = findInValue(source, valueAt, end, path.slice(keys.length))
      if (inside) best = { depth: keys.length + inside.depth, offset: inside.offset }
      if (keys.length === path.length) return best
    }
    at = skipBlank(source, skipValue(source, valueAt, end), end)
  }
  return best
}

function findInValue(source: string, at: number, end: number, path: TomlPath): Found | undefined {
  const [step] = path
  if (step === undefined) return undefined
  if (typeof step === 'string') {
    return source[at] === '{' ? findInTable(source, at + 1, end, path, '}') : undefined
  }
  if (source[at] !== '[') return undefined
  let element = skipBlank(source, at + 1, end)
  for (let index = 0; element < end && source[element] !== ']'; index++) {
    if (index === step) {
      const inside = findInValue(source, element, end, path.slice(1))
      return inside ? { depth: 1 + inside.depth, offset: inside.offset } : { depth: 1, offset: element }
    }
    element = skipBlank(source, skipValue(source, element, end), end)
  }
  return undefined
}

/** Behind white space, line ends, comments and commas. */
function skipBlank(source: string, at: number, end: number): number {
  while (at < end) {
    const char = source[at]!
    if (char === '#') at = lineEnd(source, at)
    else if (char === ' ' || char === '\t' || char === '\r' || char === '\n' || char === ',' || char === '\ufeff') at++
    else break
  }
  return at
}

/** Behind a value: the next comma, line end or closing bracket outside of strings and brackets. */
function skipValue(source: string, at: number, end: number): number {
  let depth = 0
  while (at < end) {
    const char = source[at]!
    if (char === '"' || char === "'") {
      const triple = char.repeat(3)
      at = source.startsWith(triple, at) ? endOfMultiline(source, at, triple) : endOfString(source, at)
      continue
    }
    if (char === '[' || char === '{') depth++
    else if (char === ']' || char === '}') {
      if (depth === 0) return at
      depth--
    } else if (depth === 0 && (char === ',' || char === '\n')) return at
    else if (char === '#') {
      at = lineEnd(source, at)
      continue
    }
    at++
  }
  return end
}

/** Nothing that we know is nested deeper; a hostile header could be. */
const MAX_KEYS = 64

/** The parts of a dotted key, at most `MAX_KEYS`, and the offset of what follows them. */
function readKeys(source: string, at: number, end: number): { keys: { name: string; offset: number }[]; next: number } {
  const keys: { name: string; offset: number }[] = []
  while (at < end && keys.length < MAX_KEYS) {
    while (at < end && (source[at] === ' ' || source[at] === '\t')) at++
    const start = at
    const quote = source[at]
    if (quote === '"' || quote === "'") {
      at = endOfString(source, at)
      keys.push({ name: unquote(source.slice(start, at)), offset: start })
    } else {
      while (at < end && /[A-Za-z0-9_-]/.test(source[at]!)) at++
      if (at === start) break
      keys.push({ name: source.slice(start, at), offset: start })
    }
    while (at < end && (source[at] === ' ' || source[at] === '\t')) at++
    if (source[at] !== '.') break
    at++
  }
  return { keys, next: at }
}

/** Escapes in quoted keys are rare, and the worst that can happen is a message that points to the line above. */
const unquote = (text: string): string => text.slice(1, -1)

const startsWith = (path: TomlPath, prefix: TomlPath): boolean => prefix.every((step, index) => path[index] === step)
