import { withDefaults } from '../api/shape.ts'
import type { KindDefinition, TomlTable } from '../api/v1alpha1/kind.ts'
import { kinds } from '../api/v1alpha1/kinds.ts'
import type { PlainObject } from '../json.ts'

/** What the sync has to know of a kind that TOML can declare. */
export interface SyncKind {
  readonly definition: KindDefinition
  readonly toml: TomlTable
  /** Place in the order of applying: what others refer to comes first. Deleting goes the other way round. */
  readonly order: number
  /** Whether `deploy` and `after` mean something. */
  readonly deployable: boolean
  /** The spec as the API server would complete it. */
  withDefaults(spec: PlainObject): PlainObject
}

/** As Komodo does it (variables, servers, ..., deployments); procedures last because they may name everything. */
const applyOrder = [
  'Variable',
  'GitProvider',
  'ImageRegistry',
  'UserGroup',
  'Server',
  'ServerTemplate',
  'OnboardingKey',
  'Alerter',
  'Action',
  'Swarm',
  'Builder',
  'Repo',
  'Build',
  'Stack',
  'ResourceSync',
  'Deployment',
  'Procedure',
]

/** By kind. Ours alone (Plan, PlanApproval) cannot be declared and are not among them. */
export const syncKinds: ReadonlyMap<string, SyncKind> = new Map(
  kinds.flatMap((definition) => {
    const { toml } = definition
    if (toml === undefined) return []
    const place = applyOrder.indexOf(definition.kind)
    const kind: SyncKind = {
      definition,
      toml,
      order: place === -1 ? applyOrder.length : place,
      deployable: 'deploy' in definition.spec.properties,
      withDefaults: (spec) => withDefaults(spec, definition.spec) as PlainObject,
    }
    return [[definition.kind, kind] as const]
  }),
)
