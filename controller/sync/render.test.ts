import { describe, expect, it } from 'vitest'
import type { PlanChange } from '../api/v1alpha1/plan.ts'
import { inventoryData } from './inventory.ts'
import { cutIntoParts } from './plan-parts.ts'
import { renderPlan } from './render.ts'

const changes: PlanChange[] = [
  {
    action: 'create',
    kind: 'Server',
    name: 'prod 1',
    objectName: 'prod-1',
    source: 'a.toml:3',
    fields: [{ path: 'address', new: 'local' }],
  },
  {
    action: 'update',
    kind: 'Stack',
    name: 'web',
    objectName: 'web',
    source: 'b.toml:1',
    fields: [
      { path: 'server', old: 's1', new: 'prod 1' },
      {
        path: 'fileContents',
        old: 'services:\n  web:\n    image: web:1\n    tty: true\n',
        new: 'services:\n  web:\n    image: web:2\n    tty: true\n',
      },
      { path: 'webhookSecret', secret: true },
    ],
  },
  { action: 'delete', kind: 'Stack', name: 'old', objectName: 'old', reason: 'no longer declared' },
  { action: 'deploy', kind: 'Stack', name: 'web', objectName: 'web', round: 1, reason: 'server, fileContents changed' },
]

it('a plan reads like this', () => {
  expect(
    renderPlan(changes, { create: 1, update: 1, delete: 1, deploy: 1 }),
  ).toBe(`+ create Server prod 1 (prod-1)  (a.toml:3)
    address: local
~ update Stack web  (b.toml:1)
    server: s1 -> prod 1
    fileContents:
        services:
          web:
      -     image: web:1
      +     image: web:2
            tty: true
    webhookSecret: changed (secret)
- delete Stack old
    no longer declared

> deploy Stack web in round 1: server, fileContents changed

Plan: 1 to create, 1 to update, 1 to delete, 1 to deploy.
`)
})

it('nothing to do is said in so many words', () => {
  expect(renderPlan([], { create: 0, update: 0, delete: 0, deploy: 0 })).toBe('Plan: nothing to do.\n')
})

describe('a plan of any size', () => {
  it('is cut into parts that an API server takes, and nothing is lost', () => {
    const many = Array.from({ length: 3_000 }, (_, i): PlanChange => {
      const fields = [{ path: 'fileContents', new: 'x'.repeat(i % 4_000) }]
      return { action: 'create', kind: 'Stack', name: `s${i}`, objectName: `s${i}`, fields }
    })
    const parts = cutIntoParts(many)
    expect(parts.flat()).toEqual(many)
    for (const part of parts) {
      expect(part.length).toBeLessThanOrEqual(500)
      expect(JSON.stringify(part).length).toBeLessThan(256 * 1024)
    }
  })

  it('shows one change that is too large without its values', () => {
    const fields = Array.from({ length: 100 }, (_, i) => ({ path: `f${i}`, new: 'x'.repeat(4_000) }))
    const [[change] = []] = cutIntoParts([{ action: 'update', kind: 'Stack', name: 's', objectName: 's', fields }])
    expect(change?.fields?.[0]).toEqual({ path: 'f0', new: '(too long to show)' })
  })
})

it('an inventory of 10,000 objects with long names fits into ConfigMaps', () => {
  const objects = Array.from({ length: 10_000 }, (_, i) => `Stack/${'n'.repeat(100)}-${i}`)
  const pieces = inventoryData(objects)
  expect(
    pieces.flatMap((piece) =>
      Object.entries(piece).flatMap(([kind, names]) => names.split('\n').map((name) => `${kind}/${name}`)),
    ),
  ).toEqual([...objects].sort())
  for (const piece of pieces) expect(JSON.stringify(piece).length).toBeLessThan(1_000_000)
})
