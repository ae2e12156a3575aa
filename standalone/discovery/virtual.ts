/** Resources that are questions: POST alone, nothing stored. Served by verbs/reviews. */
export interface VirtualResource {
  group: string
  version: string
  plural: string
  singular: string
  kind: string
  namespaced: boolean
}

const AUTHORIZATION = { group: 'authorization.k8s.io', version: 'v1' }
const AUTHENTICATION = { group: 'authentication.k8s.io', version: 'v1' }
const review = (kind: string, namespaced = false) => ({
  plural: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  kind,
  namespaced,
})

export const virtualResources: readonly VirtualResource[] = [
  { ...AUTHENTICATION, ...review('SelfSubjectReview') },
  { ...AUTHENTICATION, ...review('TokenReview') },
  { ...AUTHORIZATION, ...review('LocalSubjectAccessReview', true) },
  { ...AUTHORIZATION, ...review('SelfSubjectAccessReview') },
  { ...AUTHORIZATION, ...review('SelfSubjectRulesReview') },
  { ...AUTHORIZATION, ...review('SubjectAccessReview') },
]

export const findVirtual = (group: string, version: string, plural: string): VirtualResource | undefined =>
  virtualResources.find((one) => one.group === group && one.version === version && one.plural === plural)
