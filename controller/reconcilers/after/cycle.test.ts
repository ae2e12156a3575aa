import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cycleThrough } from './cycle.ts'

type Graph = Readonly<Record<string, readonly string[]>>

const cases: readonly { name: string; graph: Graph; of: string; cycle: readonly string[] | undefined }[] = [
  { name: 'a node without parents is in no cycle', graph: { a: [] }, of: 'a', cycle: undefined },
  { name: 'a chain is no cycle', graph: { a: ['b'], b: ['c'], c: [] }, of: 'a', cycle: undefined },
  { name: 'a node after itself is a cycle', graph: { a: ['a'] }, of: 'a', cycle: ['a', 'a'] },
  { name: 'two that wait for each other are a cycle', graph: { a: ['b'], b: ['a'] }, of: 'a', cycle: ['a', 'b', 'a'] },
  {
    name: 'who only waits for members of a cycle is not one itself',
    graph: { a: ['b'], b: ['c'], c: ['b'] },
    of: 'a',
    cycle: undefined,
  },
  {
    name: 'a diamond is no cycle',
    graph: { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] },
    of: 'a',
    cycle: undefined,
  },
  {
    name: 'the shortest of several cycles is told',
    graph: { a: ['b', 'c'], b: ['d'], d: ['a'], c: ['a'] },
    of: 'a',
    cycle: ['a', 'c', 'a'],
  },
  { name: 'a parent that does not exist is no cycle', graph: { a: ['gone'] }, of: 'a', cycle: undefined },
]

describe('cycleThrough', () => {
  it.each(cases)('$name', ({ graph, of, cycle }) => {
    expect(cycleThrough(of, (node) => graph[node] ?? [])).toEqual(cycle)
  })

  const graphs = fc
    .integer({ min: 1, max: 8 })
    .chain((size) =>
      fc.array(fc.array(fc.integer({ min: 0, max: size - 1 }), { maxLength: 3 }), { minLength: size, maxLength: size }),
    )

  it('finds a cycle exactly for the nodes that reach themselves', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        for (let node = 0; node < graph.length; node++) {
          const found = cycleThrough(node, (n) => graph[n] ?? [])
          expect(found !== undefined).toBe(reachable(graph, node).has(node))
        }
      }),
    )
  })

  it('tells a way that exists and starts and ends at the node', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        for (let node = 0; node < graph.length; node++) {
          const path = cycleThrough(node, (n) => graph[n] ?? [])
          if (path === undefined) continue
          expect([path[0], path.at(-1)]).toEqual([node, node])
          for (let i = 0; i + 1 < path.length; i++) expect(graph[path[i] as number]).toContain(path[i + 1])
        }
      }),
    )
  })
})

/** Everything that can be reached from a node in one step or more, the slow and obvious way. */
function reachable(graph: readonly (readonly number[])[], from: number): ReadonlySet<number> {
  const seen = new Set<number>()
  for (let round = 0; round <= graph.length; round++) {
    for (const start of [from, ...seen])
      for (const next of start === from || seen.has(start) ? (graph[start] ?? []) : []) seen.add(next)
  }
  return seen
}
