import { setImmediate } from 'node:timers/promises'
import type { KubeObject } from '../controller/api/meta.ts'
import { annotation, komodoNameOf, label } from '../controller/api/names.ts'
import { type Secret, secretType } from '../controller/kube/builtin-types.ts'
import { isForbidden } from '../controller/kube/client.ts'
import { syncKinds } from '../controller/sync/kinds.ts'
import { secretValues } from '../controller/sync/object-secrets.ts'
import { planSync } from '../controller/sync/plan.ts'
import type { SyncPlan } from '../controller/sync/sync-plan.ts'
import type { ParsedFiles } from '../controller/toml/declaration.ts'
import type { CommandContext, Connection } from './context.ts'
import { formatPlace, isError, parseFiles, refusesAll } from './declarations.ts'
import type { FolderFiles } from './folder.ts'
import type { Terminal } from './terminal.ts'

/** What a folder or file declares, and the plan of that; none where the files are refused. */
interface FolderPlan {
  parsed: ParsedFiles
  planned?: SyncPlan
}

/** Against nothing. */
export const planAlone = (folder: FolderFiles): FolderPlan => {
  const parsed = parseFiles(folder)
  return parsed.diagnostics.some(refusesAll) ? { parsed } : { parsed, planned: planOffline(parsed) }
}

/** Against what the API has. It is asked first, and answers while the files are parsed. */
export const planLive = async (
  folder: FolderFiles,
  { signal, terminal, connect }: Pick<CommandContext, 'signal' | 'terminal' | 'connect'>,
): Promise<FolderPlan> => {
  const asked = connect().then((connection) => liveState(connection, terminal, signal))
  asked.catch(() => {
    // Told below, unless the files are refused anyway.
  })
  await setImmediate()
  const parsed = parseFiles(folder)
  if (parsed.diagnostics.some(refusesAll)) return { parsed }
  const state = await asked
  const name = syncBehind(parsed, state.live)
  return { parsed, planned: planOffline(parsed, { ...state, ...(name !== undefined && { name }) }) }
}

/** The plan of these declarations against what is given as live; by default against nothing. Nothing is ever deleted by it. */
export const planOffline = (
  { declarations, diagnostics }: ParsedFiles,
  {
    live = new Map(),
    secrets = new Map(),
    namespace = 'default',
    name = 'komodo-cli',
  }: {
    live?: ReadonlyMap<string, readonly KubeObject[]>
    secrets?: ReadonlyMap<string, Readonly<Record<string, string>>>
    namespace?: string
    name?: string
  } = {},
): SyncPlan =>
  planSync({
    scope: {
      namespace,
      name,
      matchTags: [],
      includeResources: true,
      includeVariables: true,
      includeUserGroups: true,
    },
    prune: false,
    deletionBudget: 0,
    declarations,
    partial: diagnostics.some(refusesAll),
    kinds: syncKinds,
    live,
    secrets,
    inventory: new Set(),
    digestKey: new Uint8Array(32),
  })

/**
 * The sync that applied what is declared here, when there is one and only one: files are then compared as this sync will read them, not
 * as somebody else's. `undefined`: nobody's.
 */
const syncBehind = (
  { declarations }: Pick<ParsedFiles, 'declarations'>,
  live: ReadonlyMap<string, readonly KubeObject[]>,
): string | undefined => {
  const declared = new Set(declarations.map(({ kind, name }) => `${kind}/${normalised(kind, name)}`))
  const syncs = new Set<string>()
  for (const [kind, objects] of live) {
    for (const object of objects) {
      const sync = object.metadata.annotations?.[annotation.sync]
      if (sync !== undefined && declared.has(`${kind}/${normalised(kind, komodoNameOf(object))}`)) syncs.add(sync)
    }
  }
  const [only, ...others] = syncs
  return others.length === 0 ? only?.split('/').at(-1) : undefined
}

/** Whether something of what is declared is left out, as a block or by the plan: the rest is not all that was meant. */
export const hasErrors = ({ diagnostics }: Pick<ParsedFiles, 'diagnostics'>, { problems }: SyncPlan): boolean =>
  diagnostics.some(isError) || problems.some(({ severity }) => severity === 'error')

const normalised = (kind: string, name: string): string => syncKinds.get(kind)?.toml.normalizeName(name) ?? name

export const printProblems = ({ problems }: SyncPlan, { note, paint }: Terminal): void => {
  for (const { severity, kind, name, message, positions } of problems) {
    const tone = severity === 'error' ? paint.red : paint.yellow
    const place = positions[0] === undefined ? '' : `${formatPlace(positions[0])}: `
    note(`${place}${tone(`${severity}:`)} ${kind} "${name}" ${message}`)
  }
}

/**
 * Everything of the kinds that TOML can declare, and the values of secrets, so that an unchanged one is no change. Who may not read
 * Secrets still gets a plan; a declared secret value then counts as changed.
 */
export const liveState = async ({ client, namespace }: Connection, { note, paint }: Terminal, signal: AbortSignal) => {
  const lists = [...syncKinds].map(async ([kind, { definition }]) => {
    const { items } = await client.list(definition, { namespace, signal })
    return [kind, items] as const
  })
  const labelSelector = `${label.managedBy}=komodo-operator`
  const secrets = client.list<Secret>(secretType, { namespace, labelSelector, signal }).then(
    ({ items }) => ({ secrets: secretValues(items) }),
    (error: unknown) => {
      if (!isForbidden(error)) throw error
      note(
        `${paint.yellow('warning:')} you may not list Secrets in namespace ${namespace}: secret values count as changed`,
      )
      return {}
    },
  )
  const [known, ...live] = await Promise.all([secrets, ...lists])
  return { live: new Map<string, readonly KubeObject[]>(live), namespace, ...known }
}
