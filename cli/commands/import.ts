import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type FoundContainer, INVENTORY_KEY, INVENTORY_TYPE } from '../../controller/api/found-container.ts'
import { conditionOf, type KubeObject } from '../../controller/api/meta.ts'
import { annotation, komodoNameOf } from '../../controller/api/names.ts'
import { deploymentKind } from '../../controller/api/v1alpha1/deployment.ts'
import { kinds } from '../../controller/api/v1alpha1/kinds.ts'
import { type Server, serverKind } from '../../controller/api/v1alpha1/server.ts'
import { stackKind } from '../../controller/api/v1alpha1/stack.ts'
import { type Secret, secretType } from '../../controller/kube/builtin-types.ts'
import { applyPlan } from '../../controller/sync/apply.ts'
import { read } from '../../controller/toml/read.ts'
import { writeFile as writeToml } from '../../controller/toml/write.ts'
import type { CommandContext, Connection } from '../context.ts'
import { counted, loadDeclarations } from '../declarations.ts'
import { CommandError, type ExitCode, exit } from '../exit.ts'
import { declarationsOf, type FoundDeclarations, type SecretHandling } from '../found-declarations.ts'
import { type AnyObject, findObject } from '../objects.ts'
import { liveState, planOffline } from '../offline-plan.ts'
import { waitFor } from '../wait.ts'
import { type ApplyOptions, apply } from './apply.ts'

/** Komodo's TOML, taken over: what `apply` does, and what of it nothing acts on yet. */
export const importToml = async (source: string, options: ApplyOptions, context: CommandContext): Promise<ExitCode> => {
  const { terminal, cwd, signal } = context
  const { declarations } = await loadDeclarations(source, cwd, signal)
  const counts = Map.groupBy(declarations, ({ kind }) => kind)
  for (const { kind, notYet } of kinds) {
    const found = counts.get(kind)?.length ?? 0
    if (found === 0) continue
    terminal.note(`${counted(found, kind)}${notYet === undefined ? '' : `: kept, but ${notYet}`}`)
  }
  return apply(source, options, context)
}

export interface ImportServerOptions {
  /** Only these compose projects and containers. */
  only?: string[]
  /** Only compose projects. */
  compose?: boolean
  /** Only containers of no project. */
  containers?: boolean
  secrets: SecretHandling
  file?: string
  force?: boolean
  timeout: number
}

/** What runs on a server already, as TOML that observes it and can take it over without a restart. */
export const importServer = async (
  name: string,
  options: ImportServerOptions,
  context: CommandContext,
): Promise<ExitCode> => {
  const { terminal, cwd } = context
  const { file, force } = options
  // Before anything is asked or made.
  if (file !== undefined && !force && existsSync(path.resolve(cwd, file))) return alreadyThere(file)
  const connection = await context.connect()
  const server = (await findObject(connection, serverKind, name, context.signal)) as unknown as Server
  const ready = conditionOf(server, 'Ready')
  if (ready?.status !== 'True')
    throw new CommandError(`Server ${name} cannot be asked: ${ready?.message ?? 'not looked at yet'}`)
  const found = chosen(await fetchInventory(server, options.timeout, connection, context), options)
  const { news, known } = await split(found, server, connection, context.signal)
  if (known.length > 0) terminal.note(`declared already, left out: ${known.join(', ')}`)
  if (news.length === 0) throw new CommandError('nothing is imported: nothing that runs there is new')

  const declared = declarationsOf(news, { server: komodoNameOf(server), secrets: options.secrets })
  const text = writeToml(declared.objects)
  const { diagnostics } = read([{ path: '', text }])
  if (diagnostics.length > 0) throw new Error(`the declarations cannot be read back: ${diagnostics[0]?.message}`)
  if (options.secrets === 'variables') await createVariables(declared.variables, connection, context)
  if (file === undefined) terminal.print(text.trimEnd())
  else await writeFile(path.resolve(cwd, file), text)
  report(declared, options, context)
  return exit.ok
}

/** The controller looks, and leaves the answer in a Secret, which is removed as soon as it was read. */
async function fetchInventory(
  server: Server,
  timeoutSeconds: number,
  connection: Connection,
  context: CommandContext,
): Promise<readonly FoundContainer[]> {
  const { client, namespace } = connection
  const { signal } = context
  const { name } = server.metadata
  const requestedAt = new Date().toISOString()
  await client.patch(
    serverKind,
    { namespace, name },
    { type: 'merge', body: { metadata: { annotations: { [annotation.inventoryRequestedAt]: requestedAt } } } },
    { fieldManager: 'komodo-cli', signal },
  )
  const answered = (object: AnyObject) => inventoryOf(object)?.requestedAt === requestedAt
  const after = await waitFor(connection, serverKind, name, answered, timeoutSeconds * 1000, context)
  const { message } = inventoryOf(after) ?? {}
  if (message !== undefined) throw new CommandError(message)
  const key = { namespace, name: `${name}-inventory` }
  const secret = await client.get<Secret>(secretType, key, { signal })
  await client.delete(secretType, key, { signal })
  const bytes = secret.type === INVENTORY_TYPE ? secret.data?.[INVENTORY_KEY] : undefined
  if (bytes === undefined) throw new CommandError(`Secret ${key.name} is not the inventory of a server`)
  return JSON.parse(gunzipSync(Buffer.from(bytes, 'base64')).toString('utf8')) as FoundContainer[]
}

const inventoryOf = (object: AnyObject) => (object as unknown as Server).status?.inventory

function chosen(found: readonly FoundContainer[], { only = [], compose, containers }: ImportServerOptions) {
  const names = new Set(found.map(nameOf))
  const missing = only.filter((name) => !names.has(name))
  if (missing.length > 0) {
    throw new CommandError(`${missing.join(', ')} is not there: one of ${[...names].sort().join(', ') || 'nothing'}`)
  }
  const both = compose === containers
  return found
    .filter((container) => only.length === 0 || only.includes(nameOf(container)))
    .filter(({ compose: origin }) => both || (origin === undefined ? containers : compose))
}

/** A container of a project stands for the project. */
const nameOf = ({ name, compose }: FoundContainer): string => compose?.project ?? name

/** What a Stack or Deployment on this server has as its own, in whatever state, is not found but known. */
async function split(
  found: readonly FoundContainer[],
  server: Server,
  { client, namespace }: Connection,
  signal: AbortSignal,
): Promise<{ news: FoundContainer[]; known: string[] }> {
  const [stacks, deployments] = await Promise.all(
    [stackKind, deploymentKind].map(async (kind) => (await client.list<AnyObject>(kind, { namespace, signal })).items),
  )
  const here = ({ spec }: AnyObject) => spec.server === komodoNameOf(server) || spec.server === server.metadata.name
  const named = (objects: readonly AnyObject[] | undefined, field: string) =>
    new Set(
      (objects ?? []).filter(here).map((object) => textOf(object.spec[field]) || komodoNameOf(object as KubeObject)),
    )
  const [projects, containers] = [named(stacks, 'projectName'), named(deployments, 'customName')]
  const isKnown = ({ name, compose }: FoundContainer): boolean =>
    compose === undefined ? containers.has(name) : projects.has(compose.project)
  return {
    news: found.filter((container) => !isKnown(container)),
    known: [...new Set(found.filter(isKnown).map(nameOf))],
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const alreadyThere = (file: string): never => {
  throw new CommandError(`${file} exists already: give --force to write over it`)
}

/** Straight into the API, so that no secret value touches a file. One that is there already keeps its value. */
async function createVariables(
  variables: ReadonlyMap<string, string>,
  connection: Connection,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const live = await liveState(connection, terminal, signal)
  const taken = new Set((live.live.get('Variable') ?? []).map(komodoNameOf))
  const declarations = [...variables]
    .filter(([name]) => !taken.has(name))
    .map(([name, value]) => ({
      kind: 'Variable',
      name,
      spec: { isSecret: true, description: 'Imported from a running container.' },
      secrets: { value },
      position: { file: 'komodo import', line: 1, column: 1 },
    }))
  const kept = [...variables.keys()].filter((name) => taken.has(name))
  if (kept.length > 0) terminal.note(`there already, left as they are: variables ${kept.join(', ')}`)
  const plan = planOffline({ declarations, diagnostics: [] }, live)
  const { failures, created } = await applyPlan(plan, { ...connection, signal })
  for (const failure of failures) terminal.note(`${terminal.paint.red('failed:')} ${failure.name}: ${failure.message}`)
  if (failures.length > 0) throw new CommandError('not all secret variables could be made; nothing was written')
  terminal.note(`${counted(created, 'secret variable')} made`)
}

function report(
  { objects, variables, notes }: FoundDeclarations,
  { secrets, file }: ImportServerOptions,
  { terminal: { note, paint } }: CommandContext,
): void {
  for (const { object, message } of notes) note(`${paint.yellow('note:')} ${object}: ${message}`)
  if (secrets === 'leave' && variables.size > 0) {
    note(
      `${paint.yellow('note:')} ${counted(variables.size, 'secret value')} left out: make the variables ${[...variables.keys()].join(', ')}, or run this again with --secrets variables`,
    )
  }
  note(`${counted(objects.length, 'object')} found${file === undefined ? '' : `, written to ${file}`}`)
  note(
    'They are only observed (deploy = false). Apply them, see that they are Ready, then set deploy = true: nothing restarts.',
  )
}
