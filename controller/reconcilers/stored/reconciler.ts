import { type CommonStatus, type KubeObject, keyOf, keyText } from '../../api/meta.ts'
import { type KindDefinition, REFERENCES_FOUND, SUPPORTED } from '../../api/v1alpha1/kind.ts'
import { kinds } from '../../api/v1alpha1/kinds.ts'
import type { Change, Lister } from '../../engine/lister.ts'
import type { Reconciler, Wake } from '../../engine/reconciler.ts'
import { missingText, referencesTo } from '../references.ts'
import { type Reference, referencedKinds, referencesIn } from './references.ts'

type Stored = KubeObject<unknown, CommonStatus>

/** By the name of the kind. */
export type ListerOf = (kind: KindDefinition) => Lister<Stored>

const REFERENCES = 'references'
const definitions = new Map(kinds.map((kind) => [kind.kind, kind]))

/**
 * For a kind that is only kept for now: says so, and whether everything is there that its objects name. Touches nothing. Woken by what is
 * named, when it appears, goes or gets another name.
 */
export function storedReconciler(kind: KindDefinition, listerOf: ListerOf): Reconciler<Stored> {
  const message = `The ${kind.kind} is kept, checked and exported, but ${kind.notYet}.`
  const own = listerOf(kind)
  own.addIndex(REFERENCES, ({ metadata: { namespace }, spec }) =>
    referencesIn(kind, spec).flatMap((reference) =>
      spellings(reference).map((name) => keyText({ namespace: `${reference.kind}/${namespace ?? ''}`, name })),
    ),
  )
  const named = [...referencedKinds(kind)].flatMap((name) => definitions.get(name) ?? [])
  return {
    type: kind,
    owns: named.length === 0 ? [SUPPORTED] : [REFERENCES_FOUND, SUPPORTED],
    wakeOn: named.map((other) => wakeBy(other, listerOf(other), own)),
    async reconcile(object, { status }) {
      const { namespace } = object.metadata
      const missing = referencesIn(kind, object.spec).filter((reference) => !isThere(reference, namespace, listerOf))
      if (named.length > 0) {
        if (missing.length === 0) status.markTrue(REFERENCES_FOUND, 'Found', 'Everything that it names is there.')
        else status.markFalse(REFERENCES_FOUND, 'NotFound', describeMissing(missing, namespace))
      }
      status.markFalse(SUPPORTED, 'NotSupportedYet', message)
      return {}
    },
  }
}

function isThere(reference: Reference, namespace: string | undefined, listerOf: ListerOf): boolean {
  const definition = definitions.get(reference.kind)
  if (definition === undefined) return true
  const lister = listerOf(definition)
  return spellings(reference).some((name) => lister.find(namespace, name) !== undefined)
}

/** As written, and as it is stored. */
const spellings = ({ kind, name }: Reference): string[] => [
  ...new Set([name, definitions.get(kind)?.toml?.normalizeName(name) ?? name]),
]

const MOST_TOLD = 3

function describeMissing(missing: readonly Reference[], namespace: string | undefined): string {
  const told = missing
    .slice(0, MOST_TOLD)
    .map(({ kind, name, field }) => missingText(kind, name, field, namespace))
    .join('; ')
  return missing.length <= MOST_TOLD ? told : `${told}; and ${missing.length - MOST_TOLD} more are missing`
}

const wakeBy =
  ({ kind }: KindDefinition, others: Lister<Stored>, own: Lister<Stored>): Wake =>
  (enqueue, signal) =>
    others.onChange((change) => {
      if (!isOtherName(change)) return
      for (const other of [change.after, change.before]) {
        if (other === undefined) continue
        const namespace = `${kind}/${other.metadata.namespace ?? ''}`
        for (const name of referencesTo(other))
          for (const user of own.byIndex(REFERENCES, keyText({ namespace, name }))) enqueue(keyOf(user))
      }
    }, signal)

const isOtherName = ({ before, after }: Change<Stored>): boolean =>
  before === undefined || after === undefined || referencesTo(before).join('\n') !== referencesTo(after).join('\n')
