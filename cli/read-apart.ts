import type { PlanProblem } from '../controller/sync/desired.ts'
import { confine } from '../controller/sync/files.ts'
import type { Declaration } from '../controller/toml/declaration.ts'

/**
 * Of what is declared more than once in several files: that it is a fault only where one sync reads them all, and which paths the syncs
 * read that are declared beside them. A folder does not say who reads it, so the fault stays one. Empty when one of these syncs reads more
 * than one of the files, or when all is in one file.
 */
export function readApart({ reason, positions }: PlanProblem, declarations: readonly Declaration[]): string {
  const files = new Set(positions.map(({ file }) => file))
  if (reason !== 'DeclaredTwice' || files.size < 2) return ''
  const concerned: { name: string; entries: string[] }[] = []
  for (const { name, paths } of syncsOf(declarations)) {
    const read = [...files].map((file) => paths.find((entry) => leadsTo(entry, file)))
    const entries = [...new Set(read.filter((entry) => entry !== undefined))]
    if (read.filter((entry) => entry !== undefined).length > 1) return ''
    if (entries.length > 0) concerned.push({ name, entries })
  }
  const which = concerned.map(({ name, entries }) => `${entries.join(', ')} (ResourceSync ${name})`).join(' and ')
  const parts = which === '' ? 'what each of them reads' : which
  return `; if no sync reads all of these files, validate ${parts} by itself`
}

/** Syncs with the paths that they read, as far as those are less than the whole repository. */
const syncsOf = (declarations: readonly Declaration[]): { name: string; paths: string[] }[] =>
  declarations.flatMap(({ kind, name, spec: { resourcePath } }) => {
    if (kind !== 'ResourceSync' || !Array.isArray(resourcePath)) return []
    const paths = resourcePath.flatMap((entry) => confine(String(entry).trim()) || [])
    return paths.length === 0 ? [] : [{ name, paths }]
  })

/** Whether a path, from a root that nobody knows, is this file or a folder that it is in. */
const leadsTo = (entry: string, file: string): boolean => `/${file}/`.includes(`/${entry}/`)
