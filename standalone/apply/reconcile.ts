/** Field sets written under an older schema, made to fit the one in force: what became atomic is owned as a whole. */
import type { FieldType } from '../schema/contract.ts'
import { deduced } from '../schema/merge-type.ts'
import { emptySet, type FieldNode, type FieldSet } from './field-set.ts'
import { type PathElement, typeBelow } from './path-element.ts'

/** `whole`: the node itself takes the place of all below it. */
type Outcome = 'same' | 'whole' | FieldSet

const reconcile = (set: FieldSet, type: FieldType, isAtomic: boolean): Outcome => {
  if (type.map) {
    const { map } = type
    if (map.element === deduced && map.fields.size === 0) return 'same'
    if (map.atomic && !isAtomic) return set.size ? 'whole' : 'same'
  } else if (type.scalar) return 'same'
  else if (type.list && !type.list.associative && !isAtomic) return 'whole'
  let changed: Map<PathElement, FieldNode> | undefined
  for (const [element, { member, children }] of set) {
    const below = typeBelow(type, element)
    if (!below) continue
    const outcome = reconcile(children ?? emptySet, below, member && !children)
    if (outcome === 'same') continue
    changed ??= new Map(set)
    changed.set(element, outcome === 'whole' ? { member: true, children: undefined } : { member, children: outcome })
  }
  return changed ?? 'same'
}

export const fitToType = (set: FieldSet, type: FieldType): FieldSet => {
  const outcome = reconcile(set, type, false)
  return typeof outcome === 'string' ? set : outcome
}
