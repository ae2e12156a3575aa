import { deepEqual } from '../../json.ts'
import type { Declaration, SourceFile } from '../../toml/declaration.ts'
import { editFile, type FileEdit } from '../../toml/edit.ts'
import { read } from '../../toml/read.ts'
import { komodoReadsAlike } from '../../toml/scan.ts'
import { differentFields } from '../export.ts'

/** One block of one file that is to be written. */
export interface Rewrite {
  file: string
  edit: FileEdit
}

export interface ChangedFile {
  path: string
  /** `undefined`: the file is new. */
  before: string | undefined
  after: string
}

export interface Rewritten {
  files: ChangedFile[]
  /** What is not written, and why. */
  refused: Map<Rewrite, string>
}

/**
 * The files with all blocks written that can be: what comes out is read again, and says of each block exactly what it should and of
 * all others what they said before. One that cannot be written stops no other.
 */
export function rewriteFiles(files: readonly SourceFile[], rewrites: readonly Rewrite[]): Rewritten {
  const result: Rewritten = { files: [], refused: new Map() }
  const texts = new Map(files.map(({ path, text }) => [path, text]))
  const byFile = Map.groupBy(rewrites, ({ file }) => file)
  for (const [path, all] of byFile) {
    const before = texts.get(path)
    if (before === undefined && all.some(({ edit }) => edit.action !== 'add')) {
      // Files of secrets declare objects as well, and are encrypted.
      for (const one of all) result.refused.set(one, 'the file is not one of those that can be written')
      continue
    }
    let accepted = all
    let written = rewrite(path, before ?? '', all)
    if (typeof written !== 'string') {
      accepted = all.filter((one) => {
        const alone = rewrite(path, before ?? '', [one])
        if (typeof alone !== 'string') result.refused.set(one, alone.problem)
        return typeof alone === 'string'
      })
      written = accepted.length === 0 ? '' : rewrite(path, before ?? '', accepted)
    }
    // A commit that changes nothing would be made again and again.
    if (written === before) written = { problem: 'no key of the file can say it' }
    if (typeof written !== 'string') for (const one of accepted) result.refused.set(one, written.problem)
    else if (accepted.length > 0) result.files.push({ path, before, after: written })
  }
  return result
}

function rewrite(path: string, before: string, rewrites: readonly Rewrite[]): string | { problem: string } {
  let after: string
  try {
    after = editFile(
      before,
      rewrites.map(({ edit }) => edit),
    )
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
  const problem = misread(path, before, after, rewrites)
  return problem === undefined ? after : { problem }
}

/** What the new text says otherwise than it should; `undefined` when nothing. */
function misread(path: string, before: string, after: string, rewrites: readonly Rewrite[]): string | undefined {
  const [old, now] = [before, after].map((text) => read([{ path, text }]))
  const faults = (one = now) => one?.diagnostics.filter(({ severity }) => severity === 'error') ?? []
  const [fault] = faults()
  if (fault && faults().length > faults(old).length)
    return `the file could not be read any more: ${fault.message.replace(/\.$/, '')}`
  if (komodoReadsAlike(before) && !komodoReadsAlike(after)) return 'Komodo would read the file otherwise'
  const wanted = expected(old?.declarations ?? [], rewrites)
  const found = Map.groupBy(now?.declarations ?? [], ({ kind }) => kind)
  for (const [kind, blocks] of wanted) {
    const others = found.get(kind) ?? []
    found.delete(kind)
    if (others.length !== blocks.length)
      return `there would be ${others.length} blocks of a ${kind}, not ${blocks.length}`
    for (const [index, block] of blocks.entries()) {
      const different = differenceOf(block, others[index] as Declaration)
      if (different !== undefined) return different
    }
  }
  const [stray] = found.keys()
  return stray === undefined ? undefined : `there would be a ${stray} that nobody wanted`
}

interface Expected extends Pick<Declaration, 'kind' | 'name' | 'spec' | 'secrets'> {
  /** Whether it stays as it was, to the letter. */
  same: boolean
}

/** What the blocks of each kind should say, in order. */
function expected(declarations: readonly Declaration[], rewrites: readonly Rewrite[]): Map<string, Expected[]> {
  const edits = new Map<string, FileEdit>()
  for (const { edit } of rewrites) {
    if (edit.action !== 'add') edits.set(`${edit.kind} ${edit.at.line} ${edit.at.column}`, edit)
  }
  const blocks = declarations.flatMap((declaration): Expected[] => {
    const { kind, position } = declaration
    const edit = edits.get(`${kind} ${position.line} ${position.column}`)
    if (edit?.action === 'remove') return []
    return [edit?.action === 'change' ? { ...declaration, spec: edit.to, same: false } : { ...declaration, same: true }]
  })
  for (const { edit } of rewrites) {
    if (edit.action === 'add') blocks.push({ ...edit.object, secrets: {}, same: false })
  }
  return Map.groupBy(blocks, ({ kind }) => kind)
}

function differenceOf(wanted: Expected, found: Declaration): string | undefined {
  const { kind, name } = wanted
  if (found.name !== name) return `${kind} ${name} would be read as ${found.name}`
  if (!deepEqual(found.secrets, wanted.secrets)) return `the secret values of ${kind} ${name} would be read otherwise`
  if (wanted.same) return deepEqual(found.spec, wanted.spec) ? undefined : `${kind} ${name} would be changed as well`
  const [path] = differentFields(kind, wanted.spec, found.spec)
  return path === undefined ? undefined : `its ${path} would be read otherwise`
}
