/** Which objects are deployed, why, and in which round. Pure; knows nothing of kinds but their names. */

export interface DeployTarget {
  /** `Kind/name`. */
  key: string
  kind: string
  name: string
  /** As declared: names of Deployments or Stacks, in Komodo's spelling or ours. */
  after: readonly string[]
  /** Why it would be deployed on its own account; `undefined` when only a parent can cause it. */
  reason?: DeployReason
}

export interface DeployReason {
  text: string
  /** `change`: the plan causes it. `state`: it does not run as declared; it is healed with or without this plan. */
  cause: 'change' | 'state'
  /** Changes, by key, each of which causes it. */
  by?: readonly string[]
  /** It is new, or deployed from now on: without its own change nothing deploys it. */
  needsOwnChange?: true
}

export interface PlannedDeploy {
  key: string
  kind: string
  name: string
  /** From 1. Those of a round go together; the next waits until their parents are Ready. */
  round: number
  reason: DeployReason
  /** The parents that are deployed before it, by key. */
  after: readonly string[]
}

export interface DeployOrder {
  deploys: PlannedDeploy[]
  /** Members of circles; none of them is deployed. Each with a circle through it, except where there are too many to tell them all. */
  cycles: { key: string; circle?: readonly string[] }[]
  /** Names in `after` that no Deployment or Stack has. */
  unknown: { key: string; name: string }[]
}

/**
 * `targets` are all declared objects with `deploy = true`. `resolve` gives the keys that a name in `after` stands for, declared or
 * live; of those only other targets matter here: an object that is not deployed by this sync triggers nothing.
 */
export function orderDeploys(
  targets: readonly DeployTarget[],
  resolve: (name: string) => readonly string[],
): DeployOrder {
  const byKey = new Map(targets.map((target) => [target.key, target]))
  const unknown: DeployOrder['unknown'] = []
  const parents = new Map<string, string[]>()
  for (const target of targets) {
    const keys = new Set<string>()
    for (const name of target.after) {
      const found = resolve(name)
      if (found.length === 0) unknown.push({ key: target.key, name })
      // A Stack `web` after `web` means the Deployment of that name, if there is one.
      const others = found.filter((key) => key !== target.key)
      for (const key of others.length > 0 ? others : found) if (byKey.has(key)) keys.add(key)
    }
    parents.set(target.key, [...keys])
  }

  const circles = findCircles(parents)
  const rounds = new Map<string, PlannedDeploy | undefined>()
  for (const key of parentsFirst(parents)) {
    const target = byKey.get(key)
    if (target === undefined || circles.has(key)) continue
    const deploying = (parents.get(key) ?? []).flatMap((parent) => rounds.get(parent) ?? [])
    const cause = deploying.find((parent) => parent.reason.cause === 'change') ?? deploying[0]
    const reason =
      target.reason ??
      (cause && { text: `${cause.kind} ${cause.name}, which it comes after, is deployed`, cause: cause.reason.cause })
    if (reason === undefined) continue
    rounds.set(key, {
      key,
      kind: target.kind,
      name: target.name,
      round: 1 + Math.max(0, ...deploying.map((parent) => parent.round)),
      reason,
      after: deploying.map((parent) => parent.key).sort(),
    })
  }
  const deploys = [...rounds.values()].filter((deploy) => deploy !== undefined)
  deploys.sort((a, b) => a.round - b.round || (a.key < b.key ? -1 : 1))
  const cycles = [...circles].map(([key, circle]) => ({ key, ...(circle === undefined ? {} : { circle }) }))
  return { deploys, cycles, unknown }
}

/** The way round a circle in words, of any length: `a after b after a`. */
export const describeCircle = (names: readonly string[], between: string): string =>
  names.length <= 10
    ? names.join(between)
    : [...names.slice(0, 5), `(${names.length - 8} more)`, ...names.slice(-3)].join(between)

/** Of each circle, as many members get told a way round: finding it costs as much as the circle is long. */
const MOST_TOLD = 100

/** Keys such that each comes after its parents, except within circles. Without recursion: chains may be long. */
function parentsFirst(parents: ReadonlyMap<string, readonly string[]>): string[] {
  const order: string[] = []
  const seen = new Set<string>()
  for (const start of parents.keys()) {
    if (seen.has(start)) continue
    const stack: { key: string; next: number }[] = [{ key: start, next: 0 }]
    seen.add(start)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const parent = parents.get(top.key)?.[top.next]
      top.next += 1
      if (parent === undefined) {
        order.push(top.key)
        stack.pop()
      } else if (!seen.has(parent)) {
        seen.add(parent)
        stack.push({ key: parent, next: 0 })
      }
    }
  }
  return order
}

/** Members of circles (strongly connected components; Tarjan, without recursion), each with its circle as a path back to itself. */
function findCircles(parents: ReadonlyMap<string, readonly string[]>): Map<string, readonly string[] | undefined> {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const onStack = new Set<string>()
  const component: string[] = []
  const circles = new Map<string, readonly string[] | undefined>()
  for (const [start, { length }] of parents) {
    // Most come after nothing.
    if (length === 0 || index.has(start)) continue
    const work = [{ key: start, next: 0 }]
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const { key } = top
      if (top.next === 0 && !index.has(key)) {
        index.set(key, index.size)
        low.set(key, index.get(key) ?? 0)
        component.push(key)
        onStack.add(key)
      }
      const parent = parents.get(key)?.[top.next]
      top.next += 1
      if (parent !== undefined) {
        if (!index.has(parent)) work.push({ key: parent, next: 0 })
        else if (onStack.has(parent)) low.set(key, Math.min(low.get(key) ?? 0, index.get(parent) ?? 0))
        continue
      }
      work.pop()
      const below = work.at(-1)
      if (below !== undefined) low.set(below.key, Math.min(low.get(below.key) ?? 0, low.get(key) ?? 0))
      if (low.get(key) !== index.get(key)) continue
      const members = component.splice(component.lastIndexOf(key))
      for (const member of members) onStack.delete(member)
      const inside = new Set(members)
      if (members.length > 1 || parents.get(key)?.includes(key)) {
        for (const [i, member] of members.entries())
          circles.set(member, i < MOST_TOLD ? circleThrough(member, parents, inside) : undefined)
      }
    }
  }
  return circles
}

/** The shortest way from `key` back to itself: `[a, b, a]`. */
function circleThrough(
  key: string,
  parents: ReadonlyMap<string, readonly string[]>,
  inside: ReadonlySet<string>,
): readonly string[] {
  const cameFrom = new Map<string, string>()
  const queue = [key]
  for (const at of queue) {
    for (const parent of parents.get(at) ?? []) {
      if (parent === key) {
        const way = [key]
        for (let step: string | undefined = at; step !== undefined && step !== key; step = cameFrom.get(step))
          way.push(step)
        return [key, ...way.slice(1).reverse(), key]
      }
      if (!inside.has(parent) || cameFrom.has(parent)) continue
      cameFrom.set(parent, at)
      queue.push(parent)
    }
  }
  return [key, key]
}
