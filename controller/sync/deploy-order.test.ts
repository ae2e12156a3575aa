import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type DeployTarget, orderDeploys } from './deploy-order.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f']
const target = fc.record({
  after: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }),
  reason: fc.option(fc.constant({ text: 'x', cause: 'change' as const }), { nil: undefined }),
})
const targets = fc.array(target, { minLength: 1, maxLength: names.length }).map((list): DeployTarget[] =>
  list.map(({ after, reason }, i) => {
    const name = names[i] ?? ''
    return { key: name, kind: 'Stack', name, after, ...(reason === undefined ? {} : { reason }) }
  }),
)

const order = (list: readonly DeployTarget[]) => {
  const known = new Set(list.map(({ key }) => key))
  return orderDeploys(list, (name) => (known.has(name) ? [name] : []))
}

/** The plain definition, against which the clever one is held. */
function reaches(list: readonly DeployTarget[], from: string, to: string): boolean {
  const seen = new Set<string>()
  const queue = list.find(({ key }) => key === from)?.after.slice() ?? []
  for (const at of queue) {
    if (at === to) return true
    if (seen.has(at)) continue
    seen.add(at)
    queue.push(...(list.find(({ key }) => key === at)?.after ?? []))
  }
  return false
}

it('names as circles exactly what comes after itself, each with a way back', () => {
  fc.assert(
    fc.property(targets, (list) => {
      const { cycles } = order(list)
      expect(cycles.map(({ key }) => key).sort()).toEqual(
        list
          .filter(({ key }) => reaches(list, key, key))
          .map(({ key }) => key)
          .sort(),
      )
      for (const { key, circle = [] } of cycles) {
        expect([circle[0], circle.at(-1)]).toEqual([key, key])
        for (const [i, step] of circle.slice(0, -1).entries()) {
          expect(list.find((one) => one.key === step)?.after).toContain(circle[i + 1])
        }
      }
    }),
  )
})

it('deploys everything with a reason outside of circles, each after its deploying parents, in the earliest round', () => {
  fc.assert(
    fc.property(targets, (list) => {
      const { deploys, cycles } = order(list)
      const circular = new Set(cycles.map(({ key }) => key))
      const round = new Map(deploys.map((deploy) => [deploy.key, deploy.round]))
      for (const one of list) {
        const parents = one.after.flatMap((name) => round.get(name) ?? [])
        const expected = !circular.has(one.key) && (one.reason !== undefined || parents.length > 0)
        expect(round.get(one.key)).toBe(expected ? 1 + Math.max(0, ...parents) : undefined)
      }
    }),
  )
})

it('does not mind a chain of 20,000', () => {
  const list = Array.from({ length: 20_000 }, (_, i): DeployTarget => {
    const after = i === 0 ? [] : [`${i - 1}`]
    return {
      key: `${i}`,
      kind: 'Stack',
      name: `${i}`,
      after,
      ...(i === 0 ? { reason: { text: 'x', cause: 'change' } } : {}),
    }
  })
  expect(orderDeploys(list, (name) => [name]).deploys.at(-1)?.round).toBe(20_000)
})
