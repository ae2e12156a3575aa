const STABILITY = ['alpha', 'beta', '']

/** Kubernetes' order of versions, best first: v2, v1, v2beta1, v1beta2, v1alpha1, then other names by the alphabet. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [parse(a), parse(b)]
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : a > b ? 1 : 0
  return right.stability - left.stability || right.major - left.major || right.minor - left.minor
}

const parse = (version: string): { major: number; stability: number; minor: number } | undefined => {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version)
  if (!match) return undefined
  return { major: Number(match[1]), stability: STABILITY.indexOf(match[2] ?? ''), minor: Number(match[3] ?? 0) }
}
