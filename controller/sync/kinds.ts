import type { TSchema } from 'typebox'
import type { KindDefinition, TomlTable } from '../api/v1alpha1/kind.ts'
import { kinds } from '../api/v1alpha1/kinds.ts'
import { isPlainObject, type PlainObject } from '../json.ts'

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
      withDefaults: (spec) => complete(spec, definition.spec) as PlainObject,
    }
    return [[definition.kind, kind] as const]
  }),
)

/** Structural defaulting as of CRDs: a missing field gets its default, and what is there is completed inside. */
function complete(value: unknown, schema: TSchema): unknown {
  const { properties, items } = schema as { properties?: Record<string, TSchema>; items?: TSchema }
  if (Array.isArray(value)) return items === undefined ? value : value.map((item) => complete(item, items))
  if (properties === undefined || !isPlainObject(value)) return value
  const completed: PlainObject = { ...value }
  for (const [key, property] of Object.entries(properties)) {
    const given = completed[key] === undefined ? structuredDefault(property) : completed[key]
    if (given !== undefined) completed[key] = complete(given, property)
  }
  return completed
}

const structuredDefault = (schema: TSchema): unknown => (schema as { default?: unknown }).default
