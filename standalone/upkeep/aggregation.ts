import type { Backend } from '../call.ts'
import { isObject, metaOf, valueAt } from '../object.ts'
import { storedText } from '../registry/codec.ts'
import type { Json, JsonObject } from '../schema/contract.ts'
import { equal } from '../schema/go.ts'
import { WorkQueue } from './work-queue.ts'

const STORAGE = 'clusterroles'

/** Keeps ClusterRoles with an aggregationRule equal to the sum of the roles that it selects. */
export const startAggregation = (
  { store, registry }: Backend,
  onFault: (error: unknown) => void,
): (() => Promise<void>) => {
  const served = registry.find('rbac.authorization.k8s.io', 'v1', STORAGE)!
  const queue = new WorkQueue(async () => {
    await store.write((tx) => {
      const roles = tx.list(STORAGE).map(({ text }) => JSON.parse(text) as JsonObject)
      for (const role of roles) {
        const selectors = valueAt(role, 'aggregationRule.clusterRoleSelectors')
        if (!Array.isArray(selectors)) continue
        const rules = aggregate(roles, role, selectors)
        if (equal(rules, role.rules ?? [])) continue
        const next: JsonObject = { ...role, rules }
        tx.put(STORAGE, metaOf(role).name!, (revision) => storedText(served, next, revision))
      }
    })
  }, onFault)
  const stop = store.subscribe(({ resource }) => {
    if (resource === STORAGE) queue.add('all')
  })
  queue.add('all')
  return () => {
    stop()
    return queue.stop()
  }
}

const aggregate = (roles: readonly JsonObject[], into: JsonObject, selectors: readonly Json[]): Json[] => {
  const rules: Json[] = []
  const selected = roles
    .filter(
      (role) =>
        role !== into &&
        selectors.some((selector) => isObject(selector) && selects(selector, metaOf(role).labels ?? {})),
    )
    .sort((a, b) => (metaOf(a).name! < metaOf(b).name! ? -1 : 1))
  for (const role of selected) {
    for (const rule of Array.isArray(role.rules) ? role.rules : []) {
      if (!rules.some((known) => equal(known, rule))) rules.push(rule)
    }
  }
  return rules
}

/** meta/v1 LabelSelector. */
const selects = ({ matchLabels, matchExpressions }: JsonObject, labels: Record<string, string>): boolean => {
  const equalities = isObject(matchLabels) ? Object.entries(matchLabels) : []
  const expressions = (Array.isArray(matchExpressions) ? matchExpressions : []).filter(isObject)
  return (
    equalities.every(([key, value]) => labels[key] === value) &&
    expressions.every(({ key, operator, values }) => {
      const value = labels[String(key)]
      const among = Array.isArray(values) && value !== undefined && values.includes(value)
      if (operator === 'Exists') return value !== undefined
      if (operator === 'DoesNotExist') return value === undefined
      return operator === 'In' ? among : !among
    })
  )
}
