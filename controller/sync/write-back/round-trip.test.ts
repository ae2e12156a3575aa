import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applied, emptyWorld, fieldsOf, input, type PlanWorld } from '../../../test/build/plan-world.ts'
import type { KubeObject } from '../../api/meta.ts'
import type { PlainObject } from '../../json.ts'
import { read } from '../../toml/read.ts'
import { objectOf } from '../../toml/testkit/arbitrary-objects.ts'
import { blockModels } from '../../toml/vocabulary.ts'
import { writeBlock } from '../../toml/write.ts'
import { differentFields, isSameText } from '../export.ts'
import { syncKinds } from '../kinds.ts'
import { planSync } from '../plan.ts'
import type { SyncPlan } from '../sync-plan.ts'
import { planWriteBack } from './plan.ts'

const models = [...new Map([...blockModels.values()].map((model) => [model.kind, model])).values()]
const path = 'a.toml'

function planOf(text: string, world: PlanWorld): SyncPlan {
  const files = [{ path, text }]
  const { declarations, diagnostics } = read(files)
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  const places = { reads: () => true, onlyFile: path, newObjects: undefined, deleted: new Map<string, string>() }
  return planSync(input(declarations, world, { managed: { planWriteBack, files, ...places } }))
}

/** As if somebody had replaced the whole spec. */
function replaced(world: PlanWorld, kind: string, spec: PlainObject): PlanWorld {
  const completed = syncKinds.get(kind)?.withDefaults(spec) ?? spec
  const objects = (world.live.get(kind) ?? []).map((one): KubeObject => {
    const managedFields = [
      { manager: 'komodo-sync', operation: 'Apply' as const, fieldsV1: { 'f:spec': {} } },
      { manager: 'kubectl-replace', operation: 'Update' as const, fieldsV1: { 'f:spec': fieldsOf(completed) } },
    ]
    return { ...one, metadata: { ...one.metadata, managedFields }, spec: completed }
  })
  return { ...world, live: new Map<string, readonly KubeObject[]>([...world.live, [kind, objects]]) }
}

describe('whatever somebody makes of an object, the file says it afterwards, and then nothing is left to do', () => {
  it.each(models)('$kind', (model) => {
    const pair = objectOf(model).chain((from) => objectOf(model).map((to) => ({ ...from, to: to.spec })))
    fc.assert(
      fc.property(pair, ({ kind, name, spec, to }) => {
        const text = `# top\n${writeBlock({ kind, name, spec })}# end\n`
        const first = planOf(text, emptyWorld)
        fc.pre(first.changes.length === 1)
        const world = replaced(applied(first, emptyWorld), kind, to)
        const planned = planOf(text, world)
        const refused = planned.problems.filter(({ reason }) => reason === 'NotWrittenBack')
        // Nothing is taken back, written or not. Labels follow tags, and a line end at the end means nothing.
        const taken = planned.changes.flatMap((one) => (one.action === 'delete' ? [] : one.fields))
        expect(
          taken
            .filter(({ path: at, from, to: wanted }) => !at.startsWith('metadata.') && !isSameText(from, wanted))
            .map((field) => field.path),
        ).toEqual([])
        if (refused.length > 0) {
          expect(planned.writtenFiles).toEqual([])
          return
        }
        const written = planned.writtenFiles[0]?.after ?? text
        expect(written.startsWith('# top\n')).toBe(true)
        const [declaration] = read([{ path, text: written }]).declarations
        expect(differentFields(kind, declaration?.spec ?? {}, to)).toEqual([])
        const next = planOf(written, world)
        expect(next.writeBacks).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})
