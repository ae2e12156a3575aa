import { conditionOf, type KubeObject, keyOf, keyText, type ObjectKey } from '../../api/meta.ts'
import { komodoNameOf } from '../../api/names.ts'
import { type Deployment, deploymentKind } from '../../api/v1alpha1/deployment.ts'
import { type Stack, stackKind } from '../../api/v1alpha1/stack.ts'
import type { Change, Lister } from '../../engine/lister.ts'
import type { Wake } from '../../engine/reconciler.ts'
import { referencesTo } from '../references.ts'

/** What `after` may name: kinds that are deployed. */
export type Deployable = Deployment | Stack

/** One entry of `after`: a name may mean a Deployment, a Stack, or one of each, and then both count. */
export interface Parent {
  name: string
  objects: readonly Readonly<Deployable>[]
}

const INDEX = 'after'

/** `after = ["My App"]` means what is stored as `My_App` (a Deployment) or `my_app` (a Stack). In the order of the listers. */
const normalizers = [deploymentKind.toml.normalizeName, stackKind.toml.normalizeName]

/** Every name by which what an entry of `after` means may be stored. */
const spellings = (name: string): string[] => [...new Set([name, ...normalizers.map((normalize) => normalize(name))])]

/** Who comes after whom, over both kinds and all servers; every answer is an index look-up. */
export class AfterRelations {
  readonly #listers: readonly Lister<Deployable>[]

  constructor(deployments: Lister<Deployment>, stacks: Lister<Stack>) {
    this.#listers = [deployments as unknown as Lister<Deployable>, stacks as unknown as Lister<Deployable>]
    for (const lister of this.#listers) {
      lister.addIndex(INDEX, ({ metadata, spec }) =>
        spec.after.flatMap(spellings).map((name) => keyText({ namespace: metadata.namespace, name })),
      )
    }
  }

  /** In the order of `after`. An object that shares its own name with one of the other kind means that one, not itself. */
  parentsOf({ kind, metadata, spec }: Readonly<Deployable>): readonly Parent[] {
    return spec.after.map((name) => {
      const named = this.#listers.flatMap((lister, kindIndex) => {
        const stored = normalizers[kindIndex]?.(name) ?? name
        return lister.find(metadata.namespace, name) ?? lister.find(metadata.namespace, stored) ?? []
      })
      const others = named.filter((object) => object.kind !== kind || object.metadata.name !== metadata.name)
      return { name, objects: others.length > 0 ? others : named }
    })
  }

  /** Wakes the objects of one kind (the keys of the other kind's are harmless) when a parent appears, moves on or goes away. */
  wake(kind: Deployable['kind']): Wake {
    const [deployments, stacks] = this.#listers
    const dependants = kind === 'Deployment' ? deployments : stacks
    return (enqueue, signal) => {
      for (const lister of this.#listers) {
        lister.onChange((change) => {
          if (!concernsDependants(change)) return
          for (const object of [change.after, change.before]) {
            if (object === undefined || dependants === undefined) continue
            for (const key of namedBy(dependants, object)) enqueue(key)
          }
        }, signal)
      }
    }
  }
}

function* namedBy(dependants: Lister<Deployable>, object: Readonly<Deployable>): Iterable<ObjectKey> {
  for (const name of referencesTo(object)) {
    const key = keyText({ namespace: object.metadata.namespace, name })
    for (const dependant of dependants.byIndex(INDEX, key)) yield keyOf(dependant)
  }
}

/** Most changes of a parent (numbers in its status) do not matter to who waits for it. */
function concernsDependants({ before, after }: Change<Deployable>): boolean {
  if (before === undefined || after === undefined) return true
  return (
    komodoNameOf(before) !== komodoNameOf(after) ||
    before.metadata.generation !== after.metadata.generation ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    before.status?.deployedHash !== after.status?.deployedHash ||
    before.status?.lastHandledDeployAt !== after.status?.lastHandledDeployAt ||
    readiness(before) !== readiness(after)
  )
}

const readiness = (object: Readonly<KubeObject>): string => {
  const ready = conditionOf(object, 'Ready')
  return `${ready?.status}/${ready?.observedGeneration}`
}
