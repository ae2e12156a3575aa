import { Fault } from '../schema/faults.ts'
import { quote } from '../schema/go.ts'
import type { Attributes } from './authorizer.ts'

/** rbac.authorization.k8s.io PolicyRule. */
export interface PolicyRule {
  verbs: readonly string[]
  apiGroups?: readonly string[]
  resources?: readonly string[]
  resourceNames?: readonly string[]
  nonResourceURLs?: readonly string[]
}

const has = (set: readonly string[] | undefined, wanted: string): boolean =>
  set !== undefined && (set.includes(wanted) || set.includes('*'))

/** `*` stands for all, `prefix*` for all that begin so. */
const urlCovers = (owned: string, url: string): boolean =>
  owned === url || (owned.endsWith('*') && url.startsWith(owned.replace(/\*+$/, '')))

/** Whether one rule allows what is asked. */
export const ruleAllows = (rule: PolicyRule, { verb, resource, path = '' }: Attributes): boolean => {
  if (!has(rule.verbs, verb)) return false
  if (!resource) return (rule.nonResourceURLs ?? []).some((url) => url === '*' || urlCovers(url, path))
  const { group, plural, subresource, name } = resource
  const wanted = subresource ? `${plural}/${subresource}` : plural
  const { resources = [], resourceNames = [] } = rule
  return (
    has(rule.apiGroups, group) &&
    (has(resources, wanted) || (subresource !== '' && resources.includes(`*/${subresource}`))) &&
    (resourceNames.length === 0 || resourceNames.includes(name))
  )
}

/** Verbs times groups times resources times names that are compared one by one; a body can spell out a trillion. */
const MAX_ATOMS = 10_000

/**
 * What of `wanted` no rule of `owned` covers, in rules of one verb, group, resource and name each.
 *
 * @throws Fault 413 when that would be too many.
 */
export const uncovered = (owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] => {
  if (wanted.reduce((sum, rule) => sum + atomsIn(rule), 0) > MAX_ATOMS) {
    const message = `rules that speak of more than ${MAX_ATOMS} combinations of verb, group, resource and name cannot be checked; use "*"`
    throw new Fault(413, 'RequestEntityTooLarge', message)
  }
  return wanted.flatMap(breakDown).filter((atom) => !owned.some((rule) => ruleCovers(rule, atom)))
}

const atomsIn = ({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule) =>
  verbs.length * (apiGroups.length * resources.length * Math.max(1, resourceNames.length) + nonResourceURLs.length)

const breakDown = (rule: PolicyRule): PolicyRule[] => {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  const atoms: PolicyRule[] = []
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs) {
        const atom = { apiGroups: [group], resources: [resource], verbs: [verb] }
        if (resourceNames.length === 0) atoms.push(atom)
        else atoms.push(...resourceNames.map((name) => ({ ...atom, resourceNames: [name] })))
      }
    }
  }
  for (const url of nonResourceURLs) atoms.push(...verbs.map((verb) => ({ nonResourceURLs: [url], verbs: [verb] })))
  return atoms
}

const all = (set: readonly string[] = [], wanted: readonly string[] = []): boolean =>
  wanted.every((one) => set.includes(one))

const ruleCovers = (rule: PolicyRule, atom: PolicyRule): boolean => {
  const { resourceNames = [], resources = [] } = rule
  const names = atom.resourceNames ?? []
  const coversResource = (wanted: string): boolean =>
    has(resources, wanted) || (wanted.includes('/') && resources.includes(`*/${wanted.slice(wanted.indexOf('/') + 1)}`))
  return (
    (rule.verbs.includes('*') || all(rule.verbs, atom.verbs)) &&
    (rule.apiGroups?.includes('*') || all(rule.apiGroups, atom.apiGroups)) &&
    (atom.resources ?? []).every(coversResource) &&
    (resourceNames.length === 0 || (names.length > 0 && all(resourceNames, names))) &&
    (atom.nonResourceURLs ?? []).every((url) => (rule.nonResourceURLs ?? []).some((owned) => urlCovers(owned, url)))
  )
}

/** One line for each rule, in kube-apiserver's spelling and order; verbs of the same resource stand together. */
export const describeRules = (rules: readonly PolicyRule[]): string => {
  const merged = new Map<string, PolicyRule>()
  for (const rule of rules) {
    const { verbs, ...rest } = rule
    const simple =
      rest.resources?.length === 1 && rest.apiGroups?.length === 1 && (rest.resourceNames?.length ?? 0) <= 1
    const key = JSON.stringify(simple ? rest : rule)
    const known = merged.get(key)
    merged.set(key, known && simple ? { ...rest, verbs: [...known.verbs, ...verbs] } : rule)
  }
  return [...new Set([...merged.values()].map(describe))].sort().join('\n')
}

const describe = (rule: PolicyRule): string => {
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ] as const
  const shown = parts.filter(([, values]) => values && values.length > 0)
  return `{${shown.map(([name, values]) => `${name}:${quoteAll(values ?? [])}`).join(', ')}}`
}

/** Go's `%q` of a slice. */
export const quoteAll = (values: readonly string[]): string => `[${values.map(quote).join(' ')}]`
