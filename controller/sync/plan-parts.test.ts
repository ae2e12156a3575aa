import { describe, expect, it } from 'vitest'
import { applied, declare, emptyWorld, input } from '../../test/build/plan-world.ts'
import type { PlainObject } from '../json.ts'
import { planSync } from './plan.ts'
import { describeChanges } from './plan-parts.ts'
import { renderPlan } from './render.ts'

/** What the plan of an update from one spec to another shows. */
const shown = (kind: string, before: PlainObject | undefined, now: PlainObject): string => {
  const world = before === undefined ? emptyWorld : applied(planSync(input([declare(kind, 'a', before)])), emptyWorld)
  const plan = planSync(input([declare(kind, 'a', now)], world))
  return renderPlan(describeChanges(plan), plan.summary)
}

describe('a plan shows', () => {
  it('which Secret something new takes its value from, for that is what is approved', () => {
    const valueFrom = { secretKeyRef: { name: 'admin', key: 'password' } }
    expect(shown('Variable', undefined, { isSecret: true, valueFrom })).toContain(
      'valueFrom: {"secretKeyRef":{"name":"admin","key":"password"}}',
    )
  })

  it('the line that changes at the end of a file that is too long to show', () => {
    const file = (image: string) => `${'# a comment of forty characters, or so..\n'.repeat(300)}image: ${image}\n`
    const plan = shown('Stack', { fileContents: file('harmless') }, { fileContents: file('hostile!') })
    expect(plan).toContain('- image: harmless')
    expect(plan).toContain('+ image: hostile!')
    expect(plan.length).toBeLessThan(1_000)
  })

  it('what is behind a long line that stays the same', () => {
    const plan = shown('Variable', { value: `${'x'.repeat(9_000)}1` }, { value: `${'x'.repeat(9_000)}2` })
    expect(plan).toMatch(/- x+1\n/)
    expect(plan).toMatch(/\+ x+2\n/)
  })

  it('that a text differs further down than it is shown, beside what differs at its start', () => {
    const file = (comment: string, image: string) => `${comment}\n${'x\n'.repeat(3_000)}image: ${image}\n`
    const plan = shown('Stack', { fileContents: file('# a', 'good') }, { fileContents: file('# b', 'evil') })
    expect(plan).toContain('+ # b')
    expect(plan).toMatch(/- .*\(2016 more characters\)\n +\+ .*\(2016 more characters, not the same\)/)
  })

  it('how much more there is of what is too long', () => {
    const plan = shown('Variable', { value: 'a' }, { value: `b${'x'.repeat(5_000)}` })
    expect(plan).toContain('value: a -> bxxx')
    expect(plan).toContain('... (1001 more characters)')
  })
})
