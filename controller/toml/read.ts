import { parse, TomlError } from 'smol-toml'
import { looksLikeObjectId } from '../api/name-rules.ts'
import { isVariableName } from '../text/interpolate.ts'
import type { BlockName, Declaration, Diagnostic, ParsedFiles, SourceFile, SourcePosition } from './declaration.ts'
import { whyInvalid } from './invalid-toml.ts'
import { reportMistakenReferences } from './mistaken-references.ts'
import { nearest } from './nearest.ts'
import { Positions, type TomlPath } from './positions.ts'
import { isTable, type RawTable } from './raw-table.ts'
import { Reading, type Report, shorten } from './reading.ts'
import { originalOffset, type Scan, scan } from './scan.ts'
import { readNested, readTable } from './values.ts'
import { type BlockModel, blockModels } from './vocabulary.ts'

/** What one file may cost. */
export const limits = {
  /** UTF-16 units. */
  characters: 16 * 1024 * 1024,
  /** Brackets within brackets. */
  depth: 64,
  blocks: 50_000,
  /** Each costs a kilobyte while the file is read. */
  keys: 300_000,
  /** Further errors in the same file, and further warnings, are only counted. */
  diagnostics: 100,
} as const

/** Reads TOML files into declarations. Never throws: what is wrong becomes a diagnostic. */
export function read(files: Iterable<SourceFile>): ParsedFiles {
  const result: ParsedFiles = { declarations: [], diagnostics: [] }
  for (const file of files) {
    const one = new FileReader(file).read()
    for (const declaration of one.declarations) result.declarations.push(declaration)
    for (const diagnostic of one.diagnostics) result.diagnostics.push(diagnostic)
  }
  return result
}

class FileReader {
  readonly #file: SourceFile
  readonly #scan: Scan
  readonly #positions: Positions
  readonly #declarations: Declaration[] = []
  readonly #diagnostics: Diagnostic[] = []
  /** How many there were, listed or not. */
  readonly #reported = { error: 0, warning: 0 }

  constructor(file: SourceFile) {
    this.#file = file
    const tooLong = file.text.length > limits.characters
    this.#scan = tooLong ? { text: '', doubled: [], headers: [] } : scan(file.text)
    this.#positions = new Positions(file.path, file.text, this.#scan)
  }

  read(): ParsedFiles {
    const document = this.#parse()
    if (document) this.#readDocument(document)
    this.#countTheRest('error', 'it is refused whole. Mend the ones above first.')
    this.#countTheRest('warning', 'mend the ones above first.')
    return { declarations: this.#declarations, diagnostics: this.#diagnostics }
  }

  #parse(): RawTable | undefined {
    if (this.#file.text.length > limits.characters) {
      const message = `The file has more than ${limits.characters} characters; split it.`
      this.#fail('FileTooLarge', this.#positions.at(0), message)
      return undefined
    }
    if (countOf('=', this.#file.text, limits.keys) > limits.keys) {
      this.#fail('TooManyKeys', this.#positions.at(0), `The file has more than ${limits.keys} keys; split it.`)
      return undefined
    }
    try {
      return parse(this.#scan.text, { integersAsBigInt: true, maxDepth: limits.depth }) as RawTable
    } catch (error) {
      this.#fail('InvalidToml', this.#errorPosition(error), `Not valid TOML: ${whyInvalid(error, this.#scan.text)}.`)
      return undefined
    }
  }

  /** The parser counts in the text it was given; we tell where that is in the file. */
  #errorPosition(error: unknown): SourcePosition {
    if (!(error instanceof TomlError)) return this.#positions.at(0)
    let lineStart = 0
    for (let line = 1; line < error.line; line++) {
      const next = this.#scan.text.indexOf('\n', lineStart)
      if (next < 0) break
      lineStart = next + 1
    }
    const offset = Math.min(lineStart + Math.max(error.column - 1, 0), this.#scan.text.length)
    return this.#positions.at(originalOffset(this.#scan, offset))
  }

  #readDocument(document: RawTable): void {
    const seen = new Map<string, string>()
    const hasBlocks = Object.keys(document).some((table) => blockModels.has(table))
    const foreign: string[] = []
    let blocks = 0
    for (const [table, value] of Object.entries(document)) {
      const model = blockModels.get(table)
      if (!model) {
        const warning = unknownTable(table, value)
        if (hasBlocks || warning.near) this.#warn(table, warning.message)
        else foreign.push(table)
        continue
      }
      const other = seen.get(model.kind)
      if (other !== undefined) {
        const message = `[[${other}]] and [[${table}]] are two spellings of one table; use one of them in a file.`
        this.#fail('DuplicateTable', this.#positions.find([table]), message)
        continue
      }
      seen.set(model.kind, table)
      if (!Array.isArray(value) || !value.every(isTable)) {
        const message = `"${table}" must be a list of blocks; write [[${table}]] with two brackets.`
        this.#fail('WrongType', this.#positions.find([table]), message)
        continue
      }
      blocks += value.length
      if (blocks > limits.blocks) {
        const message = `The file has more than ${limits.blocks} blocks; split it.`
        this.#fail('TooManyBlocks', this.#positions.find([table]), message)
        return
      }
      this.#readBlocks(table, model, value)
    }
    this.#foreignFile(foreign)
  }

  #readBlocks(table: string, model: BlockModel, blocks: readonly RawTable[]): void {
    const headers = this.#positions.blocks(table)
    for (const [index, raw] of blocks.entries()) {
      // Written as `stack = [{ ... }]` there are no headers.
      const position = headers.length === blocks.length ? headers[index]! : this.#positions.find([table, index])
      this.#readBlock(model, raw, [table, index], position)
    }
  }

  #readBlock(model: BlockModel, raw: RawTable, path: TomlPath, position: SourcePosition): void {
    const { table } = model.toml
    const name = nameOf(raw, model)
    if (typeof name !== 'string' || name.trim() === '') {
      const found =
        name === undefined
          ? 'has no name'
          : typeof name === 'string'
            ? 'has an empty name'
            : 'has a name that is not text'
      const at = name === undefined ? position : this.#positions.find([...path, 'name'])
      this.#fail('MissingName', at, `This [[${table}]] ${found}; add name = "...".`)
      return
    }
    const block: BlockName = { kind: model.kind, name }
    let failed = false
    const report: Report = (severity, code, at, message) => {
      if (severity === 'error') failed = true
      const concerning = severity === 'error' ? block : undefined
      this.#report({ severity, code, message, block: concerning }, () => this.#positions.find(at))
    }
    checkName(model, name, [...path, 'name'], report)
    const reading = new Reading(model.kind, path, report, (key, at) => placeOf(model, key, at))
    const { secrets } = reading
    const values = readTable(raw, model.block, reading, '', notFields)
    const { config } = raw
    if (config !== undefined) {
      reading.path.push('config')
      if (model.config) Object.assign(values, readNested(config, model.config, reading, ''))
      else reading.warn('UnknownKey', `A [[${table}]] has no "config"; its keys stand in the block itself.`)
      reading.path.pop()
    }
    if (values.skipSecretInterp !== true) reportMistakenReferences(model.kind, values, [...path, 'config'], report)
    hideSecrets(model, values, secrets)
    if (!failed) this.#declarations.push({ kind: model.kind, name, spec: values, secrets, position })
  }

  /** Folders hold TOML of other programs, too, which Komodo passes over; that is said once, not of each of their keys. */
  #foreignFile([first, ...more]: readonly string[]): void {
    if (first === undefined) return
    const has = `"${shorten(first)}"${more.length > 0 ? ` and ${more.length} more` : ''}`
    this.#warn(first, `No block of this file is Komodo's (it has ${has}); the file is ignored.`)
  }

  #warn(table: string, message: string): void {
    this.#report({ severity: 'warning', code: 'UnknownTable', message }, () => this.#positions.find([table]))
  }

  #fail(code: string, position: SourcePosition, message: string): void {
    this.#report({ severity: 'error', code, message }, () => position)
  }

  #report(
    what: Omit<Diagnostic, 'position' | 'block'> & { block?: BlockName | undefined },
    position: () => SourcePosition,
  ): void {
    // Each of its own, so that warnings never hide an error.
    if (this.#reported[what.severity]++ >= limits.diagnostics) return
    const { block, ...rest } = what
    this.#diagnostics.push({ ...rest, position: position(), ...(block && { block }) })
  }

  #countTheRest(severity: Diagnostic['severity'], consequence: string): void {
    const more = this.#reported[severity] - limits.diagnostics
    if (more <= 0) return
    const message = `Not listed: ${more} more ${severity}${more > 1 ? 's' : ''} in this file; ${consequence}`
    this.#diagnostics.push({ severity, code: 'TooManyProblems', message, position: this.#positions.at(0) })
  }
}

function unknownTable(key: string, value: unknown): { near: boolean; message: string } {
  const isKey = !isTable(value) && !(Array.isArray(value) && value.some(isTable))
  const near = isKey ? undefined : nearest(key, blockModels.keys())
  const what = `Unknown ${isKey ? 'key' : 'table'} "${shorten(key)}"`
  return { near: near !== undefined, message: `${what}; ${near ? `did you mean [[${near}]]?` : 'it is ignored.'}` }
}

/** How often `char` stands in the text; counts only a little further than `most`. */
function countOf(char: string, text: string, most: number): number {
  // An entry has at least two characters.
  if (text.length < 2 * most) return 0
  let count = 0
  for (let at = text.indexOf(char); at >= 0 && count <= most; at = text.indexOf(char, at + 1)) count++
  return count
}

/** What names the block: its `name`, or for accounts, as Komodo has them, their domain. */
function nameOf(raw: RawTable, { toml: { nameFrom } }: BlockModel): unknown {
  if (raw.name !== undefined || !nameFrom) return raw.name
  return raw[nameFrom.key] ?? nameFrom.otherwise
}

/** Where a key belongs that stands at `path` (table, index, ...) and means nothing there. */
function placeOf(model: BlockModel, key: string, path: TomlPath): string | undefined {
  const { table } = model.toml
  const inBlock = path.length === 3
  const inConfig = path.length === 4 && path[2] === 'config'
  if (!inConfig && model.config?.table.byKey.has(key)) return `belongs in [${table}.config]`
  if (!inBlock && (key === 'name' || model.block.byKey.has(key))) return `belongs in [[${table}]] itself`
  if (key === 'deploy' || key === 'after') return 'belongs in a [[deployment]] or [[stack]]'
  return undefined
}

function checkName(model: BlockModel, name: string, path: TomlPath, report: Report): void {
  if (looksLikeObjectId(name)) {
    report('error', 'InvalidName', path, `"${name}" looks like a database id of Komodo and cannot be a name.`)
  } else if (name.length > 500) report('error', 'InvalidName', path, 'The name has more than 500 characters.')
  else if (model.kind === 'Variable' && !isVariableName(name)) {
    report(
      'error',
      'InvalidName',
      path,
      `"${name}" cannot be the name of a variable: use letters, digits and "_", not a digit first.`,
    )
  } else if (model.toml.normalizeName(name) === '') {
    report(
      'error',
      'InvalidName',
      path,
      `Nothing is left of "${name}" when characters are dropped that a ${model.kind} cannot have in its name.`,
    )
  }
}

/** Values that a flag of their block makes secret never stay in the spec. */
function hideSecrets(model: BlockModel, values: Record<string, unknown>, secrets: Record<string, string>): void {
  for (const field of model.block.fields) {
    if (field.secretWhen === undefined) continue
    const flag = model.block.byKey.get(field.secretWhen)
    const value = values[field.name]
    if (!flag || values[flag.name] !== true) continue
    delete values[field.name]
    if (typeof value === 'string' && value !== '') secrets[field.name] = value
  }
}

/** Keys of a block that are no fields. */
const notFields: ReadonlySet<string> = new Set(['name', 'config'])
