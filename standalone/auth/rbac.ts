import type { UserInfo } from '../api.ts'
import { metaOf, pathOf } from '../object.ts'
import type { JsonObject } from '../schema/contract.ts'
import { quote } from '../schema/go.ts'
import { ChangeType } from '../store/change.ts'
import type { Store } from '../store/store.ts'
import type { Attributes, Authorizer, Decision } from './authorizer.ts'
import { type PolicyRule, ruleAllows } from './rules.ts'

/** Members may do everything, whatever the roles say. */
const SUPERUSERS = 'system:masters'

export interface RoleRef {
  apiGroup: string
  kind: string
  name: string
}

interface Subject {
  kind: string
  name: string
  namespace?: string
}

interface Binding {
  namespace: string
  name: string
  roleRef: RoleRef
  subjects: readonly Subject[]
}

/** Decides by the Roles and bindings in the store, of which it keeps a parsed copy. */
export class RbacAuthorizer implements Authorizer {
  readonly #roles = new Map<string, readonly PolicyRule[]>()
  readonly #clusterRoles = new Map<string, readonly PolicyRule[]>()
  readonly #bindings = new Map<string, Binding>()
  readonly #clusterBindings = new Map<string, Binding>()

  constructor(store: Store) {
    for (const resource of ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings']) {
      for (const { path, text } of store.list(resource)) this.#learn(resource, path, text)
    }
    store.subscribe(({ resource, path, text, type }) =>
      this.#learn(resource, path, type === ChangeType.Deleted ? undefined : text),
    )
  }

  decide(attributes: Attributes): Decision {
    const { user, resource } = attributes
    if (user.groups.includes(SUPERUSERS)) return { allowed: true, reason: '' }
    const unknown: string[] = []
    for (const { binding, rules, scope } of this.#grants(user, resource?.namespace ?? '')) {
      if (!rules) {
        unknown.push(`${scope} ${quote(binding.roleRef.name)} not found`)
        continue
      }
      if (rules.some((rule) => ruleAllows(rule, attributes))) {
        return { allowed: true, reason: reasonOf(binding, user) }
      }
    }
    if (unknown.length === 0) return { allowed: false, reason: '' }
    const text = unknown.length === 1 ? unknown[0] : `[${[...new Set(unknown)].join(', ')}]`
    return { allowed: false, reason: `RBAC: ${text}` }
  }

  /** Everything that a user may do in a namespace; in '' what holds across the cluster. */
  rulesFor(user: UserInfo, namespace: string): PolicyRule[] {
    if (user.groups.includes(SUPERUSERS)) {
      const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
      return [everything, { verbs: ['*'], nonResourceURLs: ['*'] }]
    }
    return [...this.#grants(user, namespace)].flatMap(({ rules }) => rules ?? [])
  }

  /** The rules of a role that a binding in `namespace` names; undefined: there is no such role. */
  rulesOf({ kind, name }: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    return kind === 'Role' ? this.#roles.get(pathOf(namespace, name)) : this.#clusterRoles.get(name)
  }

  *#grants(
    user: UserInfo,
    namespace: string,
  ): Generator<{ binding: Binding; rules: readonly PolicyRule[] | undefined; scope: string }> {
    for (const binding of this.#clusterBindings.values()) {
      if (!appliesTo(binding, user)) continue
      yield { binding, rules: this.rulesOf(binding.roleRef, ''), scope: 'clusterrole.rbac.authorization.k8s.io' }
    }
    if (namespace === '') return
    for (const binding of this.#bindings.values()) {
      if (binding.namespace !== namespace || !appliesTo(binding, user)) continue
      const scope = `${binding.roleRef.kind.toLowerCase()}.rbac.authorization.k8s.io`
      yield { binding, rules: this.rulesOf(binding.roleRef, namespace), scope }
    }
  }

  #learn(resource: string, path: string, text: string | undefined): void {
    const put = <T>(map: Map<string, T>, make: (object: JsonObject) => T): void => {
      if (text === undefined) map.delete(path)
      else map.set(path, make(JSON.parse(text) as JsonObject))
    }
    if (resource === 'roles') put(this.#roles, rulesIn)
    if (resource === 'clusterroles') put(this.#clusterRoles, rulesIn)
    if (resource === 'rolebindings') put(this.#bindings, bindingOf)
    if (resource === 'clusterrolebindings') put(this.#clusterBindings, bindingOf)
  }
}

const rulesIn = ({ rules }: JsonObject): PolicyRule[] =>
  Array.isArray(rules) ? (rules as unknown as PolicyRule[]) : []

const bindingOf = (object: JsonObject): Binding => {
  const { namespace = '', name = '' } = metaOf(object)
  const subjects = Array.isArray(object.subjects) ? (object.subjects as unknown as Subject[]) : []
  return { namespace, name, roleRef: object.roleRef as unknown as RoleRef, subjects }
}

const appliesTo = ({ subjects, namespace }: Binding, user: UserInfo): boolean =>
  subjects.some((subject) => {
    switch (subject.kind) {
      case 'User':
        return user.username === subject.name
      case 'Group':
        return user.groups.includes(subject.name)
      case 'ServiceAccount':
        return user.username === `system:serviceaccount:${subject.namespace || namespace}:${subject.name}`
      default:
        return false
    }
  })

const reasonOf = ({ namespace, name, roleRef, subjects }: Binding, user: UserInfo): string => {
  const binding = namespace ? `RoleBinding ${quote(`${name}/${namespace}`)}` : `ClusterRoleBinding ${quote(name)}`
  const subject = subjects.find((one) => appliesTo({ namespace, name, roleRef, subjects: [one] }, user))!
  const who =
    subject.kind === 'ServiceAccount'
      ? `ServiceAccount ${quote(`${subject.name}/${subject.namespace || namespace}`)}`
      : `${subject.kind} ${quote(subject.name)}`
  return `RBAC: allowed by ${binding} of ${roleRef.kind} ${quote(roleRef.name)} to ${who}`
}
