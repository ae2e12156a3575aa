import type { RoleRef } from '../auth/rbac.ts'
import { describeRules, type PolicyRule, quoteAll, uncovered } from '../auth/rules.ts'
import type { Call } from '../call.ts'
import { forbidden, StatusError } from '../http/status.ts'
import { isObject, metaOf, valueAt } from '../object.ts'
import type { JsonObject } from '../schema/contract.ts'
import { equal, quote } from '../schema/go.ts'

const GROUP = 'rbac.authorization.k8s.io'
const EVERYTHING: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

/** Nobody grants what he does not have himself, unless he may `escalate` roles or `bind` the role. */
export const checkEscalation = (call: Call, object: JsonObject, old: JsonObject | undefined): void => {
  const { resource } = call.served
  if (resource.group !== GROUP || resource.custom) return
  if (old && equal(grantOf(object), grantOf(old))) return
  if (resource.plural === 'roles' || resource.plural === 'clusterroles') checkRole(call, object, old)
  else checkBinding(call, object)
}

/** All that a change can grant by. */
const grantOf = ({ rules, subjects, roleRef, aggregationRule }: JsonObject): JsonObject => ({
  rules: rules ?? null,
  subjects: subjects ?? null,
  roleRef: roleRef ?? null,
  aggregationRule: aggregationRule ?? null,
})

const checkRole = (call: Call, object: JsonObject, old: JsonObject | undefined): void => {
  const name = metaOf(object).name ?? ''
  if (isAllowed(call, 'escalate', call.served.resource.plural, name)) return
  const { rules } = object
  confirmHeld(call, name, Array.isArray(rules) ? (rules as unknown as PolicyRule[]) : [])
  if ((aggregates(object) || (old && aggregates(old))) && missing(call, EVERYTHING).length > 0) {
    throw forbidden(call.served.resource, name, 'must have cluster-admin privileges to use the aggregationRule')
  }
}

const aggregates = (object: JsonObject): boolean => {
  const selectors = valueAt(object, 'aggregationRule.clusterRoleSelectors')
  return Array.isArray(selectors) && selectors.length > 0
}

const checkBinding = (call: Call, object: JsonObject): void => {
  const { resource } = call.served
  const name = metaOf(object).name ?? ''
  if (!isObject(object.roleRef)) return
  const roleRef = object.roleRef as unknown as RoleRef
  const plural = roleRef.kind === 'Role' ? 'roles' : 'clusterroles'
  if (call.user.groups.includes('system:masters') || isAllowed(call, 'bind', plural, roleRef.name)) return
  const rules = call.backend.rbac.rulesOf(roleRef, call.namespace)
  if (!rules) {
    // Named by the resource of the binding, as kube-apiserver does.
    throw new StatusError(404, 'NotFound', `${resource.plural}.${GROUP} ${quote(roleRef.name)} not found`, {
      name: roleRef.name,
      group: GROUP,
      kind: resource.plural,
    })
  }
  confirmHeld(call, name, rules)
}

const isAllowed = ({ backend, user, namespace }: Call, verb: string, plural: string, name: string): boolean =>
  backend.authorizer.decide({ user, verb, resource: { group: GROUP, plural, subresource: '', namespace, name } })
    .allowed

const missing = ({ backend, user, namespace }: Call, rules: readonly PolicyRule[]): PolicyRule[] =>
  uncovered(backend.rbac.rulesFor(user, namespace), rules)

const confirmHeld = (call: Call, name: string, rules: readonly PolicyRule[]): void => {
  const lacking = missing(call, rules)
  if (lacking.length === 0) return
  const { username, groups } = call.user
  throw forbidden(
    call.served.resource,
    name,
    `user ${quote(username)} (groups=${quoteAll(groups)}) is attempting to grant RBAC permissions not currently held:\n${describeRules(lacking)}`,
  )
}
