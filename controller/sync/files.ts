import { posix } from 'node:path'
import { SourceError } from '../git/errors.ts'
import { formatBytes } from '../git/limits.ts'
import type { BrowsableTree } from '../git/tree.ts'
import type { Diagnostic, SourceFile } from '../toml/declaration.ts'

/** What one sync may read. */
export interface FileLimits {
  files: number
  fileBytes: number
  totalBytes: number
}

export const defaultFileLimits: FileLimits = { files: 10_000, fileBytes: 8 * 1024 * 1024, totalBytes: 64 * 1024 * 1024 }

export interface DeclarationFiles {
  /** Sorted by path, each once. */
  files: SourceFile[]
  /** With an error among them the revision must be refused: what is missing would look as if it had been removed. */
  diagnostics: Diagnostic[]
  /** Where and how the files are kept, by path; for whoever writes them. */
  kept: ReadonlyMap<string, KeptFile>
}

export interface KeptFile {
  /** Once links are resolved. */
  realPath: string
  /** Whether it begins with a byte order mark, which is no part of its text. */
  hasMark: boolean
}

/**
 * The TOML files that `resource_path` names: additive, folders recursively, sorted, without repeats. Names are relative to the
 * root and cannot leave it. Files that do not end in `.toml` are left alone, `.git` is not entered.
 *
 * An empty `resource_path` reads the whole source. Komodo reads nothing then, which together with `delete` removes everything;
 * reading all is what people expect, and a warning says that it happens.
 */
export async function readDeclarationFiles(
  tree: BrowsableTree,
  resourcePath: readonly string[],
  signal: AbortSignal,
  limits: FileLimits = defaultFileLimits,
): Promise<DeclarationFiles> {
  const diagnostics: Diagnostic[] = []
  const report = (severity: Diagnostic['severity'], code: string, file: string, message: string): void => {
    diagnostics.push({ severity, code, message, position: { file, line: 1, column: 1 } })
  }
  const leftOut = tree.leftOut ?? []
  if (leftOut.length > 0) {
    const named = `${leftOut.slice(0, 5).join(', ')}${leftOut.length > 5 ? ` and ${leftOut.length - 5} more` : ''}`
    report(
      'warning',
      'SubmodulesLeftOut',
      '.gitmodules',
      `the files of submodules are left out (${named}); set operator.submodules to read them`,
    )
  }
  const selected = selectFiles(tree, resourcePath, report)

  let total = 0
  let fits = true
  const tooMuch = (code: string, file: string, message: string): void => {
    fits = false
    report('error', code, file, message)
  }
  for (const file of selected.values()) {
    if (file.sizeBytes <= limits.fileBytes) total += file.sizeBytes
    else {
      const most = formatBytes(limits.fileBytes)
      tooMuch('TooLarge', file.path, `the file has ${formatBytes(file.sizeBytes)}; at most ${most} are read`)
    }
  }
  if (selected.size > limits.files) {
    tooMuch('TooManyFiles', '', `${selected.size} .toml files are selected; at most ${limits.files} are read`)
  } else if (total > limits.totalBytes) {
    const [have, most] = [formatBytes(total), formatBytes(limits.totalBytes)]
    tooMuch('TooLarge', '', `the selected files have ${have} together; at most ${most} are read`)
  }
  // The other files are read whatever a path is wrong with: their errors are told in one go.
  if (!fits) return { files: [], diagnostics, kept: new Map() }

  const realPaths = new Map([...selected].map(([realPath, { path }]) => [path, realPath]))
  const paths = [...realPaths.keys()].sort()
  const kept = new Map<string, KeptFile>()
  const contents = await tree.readAll(paths, signal)
  const files: SourceFile[] = []
  for (const [i, path] of paths.entries()) {
    const bytes = contents[i]
    const text = bytes === undefined ? undefined : decode(bytes)
    if (text === undefined) report('error', 'NotUtf8', path, 'the file is not UTF-8 text; save it as UTF-8')
    else files.push({ path, text })
    kept.set(path, { realPath: realPaths.get(path) ?? path, hasMark: bytes?.[0] === 0xef && bytes[1] === 0xbb })
  }
  return { files, diagnostics, kept }
}

type Report = (severity: Diagnostic['severity'], code: string, file: string, message: string) => void

/** By real path, so that a file reached by two ways is read once. */
function selectFiles(
  tree: BrowsableTree,
  resourcePath: readonly string[],
  report: Report,
): ReadonlyMap<string, { path: string; sizeBytes: number }> {
  const selected = new Map<string, { path: string; sizeBytes: number }>()
  const entries = resourcePath.map((entry) => entry.trim()).filter((entry) => entry !== '')
  if (entries.length === 0) {
    report(
      'warning',
      'EmptyResourcePath',
      '',
      'resource_path is empty: every .toml file of the source is read (Komodo would read none); name the files or folders to be sure',
    )
    entries.push('.')
  }
  for (const entry of entries) {
    const path = confine(entry)
    if (path === undefined) {
      report(
        'error',
        'OutsideRoot',
        entry,
        `resource_path "${entry}" is outside of the source; name a path inside of it`,
      )
      continue
    }
    try {
      const walk = tree.walk(path)
      if (walk === undefined) {
        report(
          'error',
          'PathNotFound',
          entry,
          `resource_path "${entry}" does not exist in the source; create it or correct the name`,
        )
        continue
      }
      for (const problem of walk.problems) {
        // A stray link beside the declarations is none of our business; one that may hide declarations is.
        const harmless = problem.reason === 'BrokenLink' || problem.reason === 'OutsideRoot'
        const severity = harmless && !problem.path.endsWith('.toml') ? 'warning' : 'error'
        report(severity, problem.reason, problem.path, problem.message)
      }
      const declared = walk.files.filter((file) => file.path.endsWith('.toml'))
      for (const { path } of walk.files.filter((file) => /\.toml$/i.test(file.path) && !file.path.endsWith('.toml'))) {
        const message = 'the file is not read, as in Komodo: the ending of its name must be .toml in small letters'
        report('warning', 'IgnoredExtension', path, message)
      }
      if (declared.length === 0)
        report('warning', 'NothingToRead', entry, `resource_path "${entry}" holds no .toml file`)
      for (const file of declared) if (!selected.has(file.realPath)) selected.set(file.realPath, file)
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      report('error', error.reason, entry, error.message)
    }
  }
  return selected
}

/** Relative to the root without `.` and `..`; `undefined` when it would leave the root. */
export function confine(entry: string): string | undefined {
  if (posix.isAbsolute(entry) || entry.includes('\0')) return undefined
  const path = posix.normalize(entry).replace(/\/$/, '')
  if (path === '..' || path.startsWith('../')) return undefined
  return path === '.' ? '' : path
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A byte order mark is dropped. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
