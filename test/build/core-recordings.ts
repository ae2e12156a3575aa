import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What a running Komodo Core made of real and made-up files, beside the project when there is such a thing. Its README says how it was
 * recorded and what the keys mean; here are those that tests look at.
 */
const shared = join(import.meta.dirname, '../../../shared')
const folder = join(shared, 'reference/core-recordings')
export const hasRecordings = existsSync(folder)

export interface StoredObject {
  name: string
  description?: string
  template?: boolean
  tags?: readonly string[]
  config?: Record<string, unknown>
  value?: string
  is_secret?: boolean
}

/** By kind. */
export type Stored = Readonly<Record<string, readonly StoredObject[]>>

export interface RecordedUpdate {
  /** Not of variables and user groups. */
  kind?: string
  name: string
  change: 'Create' | 'Update' | 'Delete'
}

/** What waits to be applied. In probes empty lists and nulls are left out. */
export interface RecordedView {
  errors?: readonly { path: string; text: string }[]
  pending_error?: string | null
  pending_deploy_error?: string | null
  resource_updates?: readonly RecordedUpdate[]
  variable_updates?: readonly RecordedUpdate[]
  user_group_updates?: readonly RecordedUpdate[]
  pending_deploys?: readonly { kind: string; name: string; after: readonly { kind: string; name: string }[] }[]
}

export interface RecordedRun {
  pending?: RecordedView | string
  run?: unknown
  export_toml?: string
  stored?: Stored | string
}

export interface RecordedStep extends RecordedRun {
  files?: Readonly<Record<string, { text: string; encoding?: string }>>
  /** What was waited for. */
  before?: readonly string[]
  sync_config?: Readonly<Record<string, unknown>>
  /** The run was limited. */
  run_arguments?: { resource_type?: string; resources?: readonly string[] }
}

export interface Probe {
  id: string
  title: string
  steps: readonly RecordedStep[]
}

export interface RecordedPass extends RecordedRun {
  pass: string
  /** A text, added as `zz-supplied.toml`. */
  supplied_file?: string
}

const load = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T

export const probes: readonly Probe[] = hasRecordings ? load('probes.json') : []

/** Names of the repositories of the corpus that were recorded. */
export const recordedRepositories: readonly string[] = hasRecordings
  ? readdirSync(folder)
      .filter((name) => name.endsWith('.json') && name !== 'probes.json')
      .map((name) => name.replace(/\.json$/, ''))
  : []

export const passesOf = (repository: string): readonly RecordedPass[] =>
  load<{ passes: readonly RecordedPass[] }>(`${repository}.json`).passes

/** Every TOML file of a repository of the corpus, in the order of their paths. */
export const corpusFiles = (repository: string): { path: string; text: string }[] => {
  const root = join(shared, 'corpus', repository)
  return (readdirSync(root, { recursive: true }) as string[])
    .filter((path) => path.endsWith('.toml'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** The bytes of a file as the recording fed them to Core. */
export function bytesOf({ text, encoding }: { text: string; encoding?: string }): Buffer {
  if (encoding === 'latin1') {
    const bytes = text.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    return Buffer.from(bytes, 'latin1')
  }
  if (encoding === 'crlf') return Buffer.from(text.replaceAll(/\r?\n/g, '\r\n'))
  return Buffer.from(encoding === 'bom' ? `\ufeff${text}` : text)
}
