/**
 * The shortest way from `node` along its parents back to itself, both ends included; `undefined` when there is none. Work is
 * bounded by the ancestors of `node`, so asking it for each of many objects with few ancestors is cheap.
 */
export function cycleThrough<Node>(node: Node, parentsOf: (node: Node) => Iterable<Node>): readonly Node[] | undefined {
  const cameFrom = new Map<Node, Node>()
  const queue: Node[] = [node]
  for (let index = 0; index < queue.length; index++) {
    const current = queue[index] as Node
    for (const parent of parentsOf(current)) {
      if (parent === node) return wayBack(node, current, cameFrom)
      if (cameFrom.has(parent)) continue
      cameFrom.set(parent, current)
      queue.push(parent)
    }
  }
  return undefined
}

function wayBack<Node>(node: Node, last: Node, cameFrom: ReadonlyMap<Node, Node>): readonly Node[] {
  const path: Node[] = [node]
  for (let step: Node | undefined = last; step !== undefined && step !== node; step = cameFrom.get(step))
    path.push(step)
  path.push(node)
  return path.reverse()
}
