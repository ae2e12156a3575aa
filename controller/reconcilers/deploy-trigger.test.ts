import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeParents, type ParentHash, triggerOf } from './deploy-trigger.ts'
import { digestWith } from './digest.ts'

const digest = digestWith('test')
const parent = (name: string, hash: string): ParentHash => ({ kind: 'Stack', name, hash })

describe('triggerOf', () => {
  it('leaves the token alone when nothing asks', () => {
    const inputs = { token: 't', recorded: [parent('db', '1')], current: [parent('db', '1')] }
    expect(triggerOf(inputs, digest)).toEqual({ token: 't', causes: [] })
  })

  it('makes another token of a request, and of another request yet another', () => {
    const one = triggerOf({ token: '', asked: '1', recorded: [], current: [] }, digest)
    const two = triggerOf({ token: one.token, asked: '2', recorded: [], current: [] }, digest)
    expect(new Set(['', one.token, two.token]).size).toBe(3)
    expect(one.causes).toEqual(['a deploy was asked for'])
  })

  it('names the parents that were deployed', () => {
    const { causes } = triggerOf({ token: '', recorded: [parent('db', '1')], current: [parent('db', '2')] }, digest)
    expect(causes).toEqual(['Stack "db", which it comes after, was deployed'])
  })

  it('is not impressed by a parent that is new or gone', () => {
    expect(triggerOf({ token: 't', recorded: [parent('a', '1')], current: [parent('b', '1')] }, digest).causes).toEqual(
      [],
    )
  })

  const hashes = fc.array(
    fc.record({ kind: fc.constantFrom('Stack', 'Deployment'), name: fc.string(), hash: fc.string() }),
  )

  it('comes to the same token again after a crash, and to rest once it is recorded', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.option(fc.string(), { nil: undefined }),
        hashes,
        hashes,
        (token, asked, recorded, current) => {
          const inputs = { token, recorded, current, ...(asked === undefined ? {} : { asked }) }
          const first = triggerOf(inputs, digest)
          expect(triggerOf(inputs, digest)).toEqual(first)
          const unique = [...new Map(current.map((p) => [`${p.kind}/${p.name}`, p])).values()]
          expect(triggerOf({ token: first.token, recorded: unique, current: unique }, digest).causes).toEqual([])
        },
      ),
    )
  })
})

describe('mergeParents', () => {
  it('keeps what is recorded, adds what is new, forgets what left', () => {
    const recorded = [parent('a', 'old'), parent('gone', '1')]
    expect(mergeParents(recorded, [parent('a', 'new'), parent('b', '1')])).toEqual([
      parent('a', 'old'),
      parent('b', '1'),
    ])
  })
})
