import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { runKomodo } from '../harness/operator.ts'

const corpus = path.resolve(import.meta.dirname, '../../../shared/corpus')
const repositories = existsSync(corpus)
  ? readdirSync(corpus, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  : []

describe.skipIf(repositories.length === 0)('repositories that people wrote for Komodo', () => {
  it.each(repositories)('%s: validate and plan understand it or say why not', async (repository) => {
    const folder = path.join(corpus, repository)
    const validated = await runKomodo(['validate', folder, '-o', 'json'], folder)
    const { declared, diagnostics } = JSON.parse(validated.stdout) as {
      declared: unknown[]
      diagnostics: { severity: string; code: string; position: { file: string } }[]
    }
    expect(declared.length).toBeGreaterThan(0)
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    // Checked by hand: the only errors in the corpus are names that are declared twice, differently.
    expect(new Set(errors.map(({ code }) => code))).toEqual(
      errors.length === 0 ? new Set() : new Set(['DeclaredTwice']),
    )
    expect(validated.code).toBe(errors.length === 0 ? 0 : 1)

    const planned = await runKomodo(['plan', folder], folder)
    expect(planned.code).toBe(errors.length === 0 ? 2 : 1)
    expect(planned.stdout).toMatch(/Plan: \d+ to create/)
  })
})
