import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../api/meta.ts'
import { fieldManager } from '../api/names.ts'
import { openDirectory } from '../git/directory-tree.ts'
import { read } from '../toml/read.ts'
import { readDeclarationFiles } from './files.ts'
import { syncKinds } from './kinds.ts'
import { planSync } from './plan.ts'
import { cutIntoParts, describeChanges } from './plan-parts.ts'
import { renderPlan } from './render.ts'
import type { PlanInput } from './sync-plan.ts'

/** Public repositories of people who use Komodo; beside the project when there are any. */
const corpus = join(import.meta.dirname, '../../../shared/corpus')
const repositories = existsSync(corpus)
  ? readdirSync(corpus).filter((name) => statSync(join(corpus, name)).isDirectory())
  : []
const signal = new AbortController().signal

describe.skipIf(repositories.length === 0)('a repository of somebody who uses Komodo', () => {
  it.each(repositories)('%s is planned, and the same again is no change', async (repository) => {
    const tree = await openDirectory(join(corpus, repository), signal)
    const { files } = await readDeclarationFiles(tree, ['.'], signal)
    const { declarations } = read(files)
    const first: PlanInput = {
      scope: {
        namespace: 'default',
        name: 'sync',
        matchTags: [],
        includeResources: true,
        includeVariables: true,
        includeUserGroups: true,
      },
      prune: true,
      deletionBudget: 10,
      declarations,
      partial: false,
      kinds: syncKinds,
      live: new Map(),
      secrets: new Map(),
      inventory: new Set(),
      digestKey: new Uint8Array(32),
    }
    const plan = planSync(first)
    expect(plan.summary.update + plan.summary.delete).toBe(0)
    const described = describeChanges(plan)
    expect(cutIntoParts(described).flat()).toHaveLength(described.length)
    const text = renderPlan(described, plan.summary)
    const live = new Map<string, KubeObject[]>()
    const secrets = new Map<string, Readonly<Record<string, string>>>()
    for (const change of plan.changes) {
      if (change.action === 'delete') continue
      const { kind, objectName, spec, labels, annotations, secret } = change.desired
      for (const value of Object.values(secret?.data ?? {})) if (value.length > 8) expect(text).not.toContain(value)
      if (secret !== undefined) secrets.set(secret.name, secret.data)
      const managedFields = [{ manager: fieldManager.sync, operation: 'Apply' as const }]
      const metadata = { name: objectName, uid: objectName, labels, annotations, managedFields }
      const { kind: kindName } = kind.definition
      const object = { apiVersion: 'komodo.dev/v1alpha1', kind: kindName, metadata, spec: kind.withDefaults(spec) }
      live.set(kindName, [...(live.get(kindName) ?? []), object])
    }
    const again = planSync({ ...first, live, secrets, inventory: plan.inventory })
    expect(again.changes).toEqual([])
  })
})
