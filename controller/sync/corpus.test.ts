import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { applied, emptyWorld, input } from '../../test/build/plan-world.ts'
import { openDirectory } from '../git/directory-tree.ts'
import { read } from '../toml/read.ts'
import { readDeclarationFiles } from './files.ts'
import { planSync } from './plan.ts'
import { cutIntoParts, describeChanges } from './plan-parts.ts'
import { renderPlan } from './render.ts'

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
    const plan = planSync(input(declarations, emptyWorld, { prune: true }))
    expect(plan.summary.update + plan.summary.delete).toBe(0)
    const described = describeChanges(plan)
    expect(cutIntoParts(described).flat()).toHaveLength(described.length)
    const text = renderPlan(described, plan.summary)
    for (const change of plan.changes) {
      const secret = change.action === 'delete' ? undefined : change.desired.secret
      for (const value of Object.values(secret?.data ?? {})) if (value.length > 8) expect(text).not.toContain(value)
    }
    const again = planSync(input(declarations, applied(plan, emptyWorld), { prune: true }))
    expect(again.changes).toEqual([])
  })
})
