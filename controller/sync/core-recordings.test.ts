import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { listed, listedOfRepositories } from '../../test/build/core-differences.ts'
import {
  bytesOf,
  corpusFiles,
  hasRecordings,
  passesOf,
  probes,
  type RecordedStep,
  type RecordedView,
  recordedRepositories,
} from '../../test/build/core-recordings.ts'
import { applied, emptyWorld, input, object, observed, type PlanWorld } from '../../test/build/plan-world.ts'
import { openDirectory } from '../git/directory-tree.ts'
import type { ParsedFiles } from '../toml/declaration.ts'
import { read } from '../toml/read.ts'
import { exportedFile, exportObjects } from './export.ts'
import { readDeclarationFiles } from './files.ts'
import { syncKinds } from './kinds.ts'
import { planSync } from './plan.ts'
import type { PlanInput, SyncPlan } from './sync-plan.ts'

const signal = new AbortController().signal

/** What a sync makes of a step: the same for Core and for us, in one spelling of names. */
interface View {
  /** Files that nothing is done about: Core does nothing at all then, we do what stands in the other blocks. */
  errors: string[]
  /** `create Stack/web`, `deploy Stack/web`. */
  actions: string[]
  /** Nothing is done. */
  refused: boolean
}

const normalized = (kind: string, name: string): string =>
  `${kind}/${syncKinds.get(kind)?.toml.normalizeName(name) ?? name}`

function viewOfCore(view: RecordedView | string): View {
  if (typeof view === 'string') return { errors: [], actions: [], refused: false }
  const updates = [
    ...(view.resource_updates ?? []),
    ...(view.variable_updates ?? []).map((one) => ({ ...one, kind: 'Variable' })),
    ...(view.user_group_updates ?? []).map((one) => ({ ...one, kind: 'UserGroup' })),
  ].map(({ change, kind = '', name }) => `${change.toLowerCase()} ${normalized(kind, name)}`)
  const deploys = (view.pending_deploys ?? []).map(({ kind, name, after }) =>
    deployText(
      normalized(kind, name),
      after.map((parent) => normalized(parent.kind, parent.name)),
    ),
  )
  const errors = (view.errors ?? []).map((error) => error.path)
  return { errors, actions: [...updates, ...deploys], refused: errors.length > 0 }
}

const deployText = (key: string, after: readonly string[]): string =>
  after.length === 0 ? `deploy ${key}` : `deploy ${key} after ${[...after].sort().join(', ')}`

const actionsOf = ({ changes, deploys }: SyncPlan): string[] => [
  ...changes.map((change) => {
    const { kind, name } = change.action === 'delete' ? change : change.desired
    return `${change.action} ${kind.definition.kind}/${name}`
  }),
  ...deploys.map(({ key, after }) => deployText(key, after)),
]

function differencesOf(core: View, ours: View): string[] {
  const only = (who: string, of: 'errors' | 'actions', mine: View, other: View) =>
    [...new Set(mine[of])]
      .filter((one) => !other[of].includes(one))
      .map((one) => `only ${who}: ${of === 'errors' ? 'refuse ' : ''}${one}`)
  return [
    ...only('Core', 'errors', core, ours),
    ...only('we', 'errors', ours, core),
    ...(core.refused || ours.refused
      ? []
      : [...only('Core', 'actions', core, ours), ...only('we', 'actions', ours, core)]),
  ].sort()
}

/** What is left after each step, and what was different in it. */
class Comparison {
  readonly differences: string[] = []
  world: PlanWorld = {
    ...emptyWorld,
    live: new Map([['ResourceSync', [object('ResourceSync', 'core-recording', { filesOnHost: true })]]]),
  }

  /** @param scope of the sync, where it is not to take everything; @param applies which of the changes are made */
  step(
    core: RecordedView | string | undefined,
    { declarations, diagnostics }: ParsedFiles,
    scope: Scope,
    applies: (action: string) => boolean,
  ): void {
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    const refused = errors.some(({ block }) => block === undefined)
    const plan = this.#plan(declarations, errors.length > 0, scope)
    const ours = {
      errors: errors.map(({ position }) => position.file),
      actions: refused ? [] : actionsOf(plan),
      refused,
    }
    if (core !== undefined) this.differences.push(...differencesOf(viewOfCore(core), ours))
    if (refused) return
    const changes = plan.changes.filter((change) => {
      const { kind, name } = change.action === 'delete' ? change : change.desired
      return applies(`${kind.definition.kind}/${name}`)
    })
    this.world = unobserved(applied({ ...plan, changes }, this.world))
    if (changes.length < plan.changes.length) return
    expect(actionsOf(this.#plan(declarations, errors.length > 0, scope))).toEqual([])
    this.#export(scope)
  }

  /** Applying what is exported changes nothing. */
  #export(scope: Scope): void {
    const owned = [...this.world.live].flatMap(([kind, objects]) =>
      objects.filter(({ metadata }) => this.world.inventory.has(`${kind}/${metadata.name}`)),
    )
    const exported = exportObjects(owned)
    expect(exported.flatMap(({ losses }) => losses)).toEqual([])
    const again = read([{ path: 'export.toml', text: exportedFile(exported) }])
    expect(again.diagnostics).toEqual([])
    expect(again.declarations).toHaveLength(owned.length)
    expect(actionsOf(this.#plan(again.declarations, false, { ...scope, prune: owned.length > 0 }))).toEqual([])
  }

  #plan(declarations: PlanInput['declarations'], partial: boolean, { prune, ...scope }: Scope): SyncPlan {
    const normal = input([...declarations], this.world)
    return planSync({
      ...normal,
      partial,
      prune,
      deletionBudget: 1_000,
      scope: { ...normal.scope, name: 'core-recording', ...scope },
    })
  }
}

interface Scope extends Partial<PlanInput['scope']> {
  prune: boolean
}

function scopeOf(config: Readonly<Record<string, unknown>>): Scope {
  const on = (key: string) => config[key] !== false
  return {
    prune: config.delete === true,
    matchTags: (config.match_tags as string[] | undefined) ?? [],
    includeResources: on('include_resources'),
    includeVariables: on('include_variables'),
    includeUserGroups: on('include_user_groups'),
  }
}

/** Files of a step in a folder, read as a sync reads them. */
async function readStep({ files = {} }: RecordedStep, resourcePath: readonly string[]): Promise<ParsedFiles> {
  const root = await mkdtemp(path.join(tmpdir(), 'komodo-recording-'))
  try {
    for (const [name, file] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(root, name)), { recursive: true })
      // Any id of Komodo's; it means nothing here.
      const text = file.text.replaceAll(/\{\{ID:[^}]*\}\}/g, '0123456789abcdef01234567')
      await writeFile(path.join(root, name), bytesOf({ ...file, text }))
    }
    const found = await readDeclarationFiles(await openDirectory(root, signal), resourcePath, signal)
    const parsed = read(found.files)
    return { ...parsed, diagnostics: [...found.diagnostics, ...parsed.diagnostics] }
  } finally {
    await rm(root, { recursive: true })
  }
}

/** What was deployed has to be looked at again. */
const unobserved = (world: PlanWorld): PlanWorld => ({
  ...world,
  live: new Map([...world.live].map(([kind, objects]) => [kind, objects.map(({ status: _, ...rest }) => rest)])),
})

/** `state web running`: what was seen before the step. */
function observe(world: PlanWorld, before: readonly string[]): PlanWorld {
  return before.reduce((seen, text) => {
    const [, name = '', state = ''] = /^state (\S+) (\S+)$/.exec(text) ?? []
    const kinds = [...seen.live].filter(([, objects]) => objects.some(({ metadata }) => metadata.name === name))
    return kinds.reduce((now, [kind]) => observed(now, kind, name, state, state === 'running' ? 'True' : 'False'), seen)
  }, world)
}

describe.skipIf(!hasRecordings)('a plan of ours says what Core says that it will do', () => {
  it.each(probes.map((probe) => [probe.id, probe] as const))('%s', async (id, { steps }) => {
    const comparison = new Comparison()
    let config: Readonly<Record<string, unknown>> = {}
    for (const [index, step] of steps.entries()) {
      config = { ...config, ...step.sync_config }
      const paths = (config.resource_path as string[] | undefined) ?? Object.keys(step.files ?? {})
      comparison.world = observe(comparison.world, step.before ?? [])
      const { resource_type, resources } = step.run_arguments ?? {}
      const applies = (key: string): boolean => {
        const [kind = '', name = ''] = key.split('/')
        return (
          step.run !== undefined &&
          (!resource_type || kind === resource_type) &&
          (!resources || resources.includes(name))
        )
      }
      comparison.step(step.pending, await readStep(step, paths), scopeOf(config), applies)
      const expected = (listed[id]?.[index] ?? []).flatMap(({ differences }) => differences)
      expect(comparison.differences.splice(0), `step ${index}`).toEqual([...expected].sort())
    }
  })

  it('the list names nothing that was not recorded', () => {
    const steps = new Map(probes.map((probe) => [probe.id, probe.steps.length]))
    for (const [id, byStep] of Object.entries(listed)) {
      for (const step of Object.keys(byStep)) expect(steps.get(id), id).toBeGreaterThan(Number(step))
    }
    expect(recordedRepositories).toEqual(expect.arrayContaining(Object.keys(listedOfRepositories)))
  })
})

describe.skipIf(!hasRecordings)('a plan of ours for a repository says what Core says that it will do', () => {
  it.each(recordedRepositories)('%s', (repository) => {
    for (const { pass, pending, supplied_file: supplied } of passesOf(repository)) {
      const files = corpusFiles(repository)
      if (supplied !== undefined) files.push({ path: 'zz-supplied.toml', text: supplied })
      const comparison = new Comparison()
      comparison.step(pending, read(files), scopeOf({}), () => true)
      const expected = listedOfRepositories[repository]?.differences ?? []
      expect(comparison.differences, pass).toEqual([...expected].sort())
    }
  })
})
