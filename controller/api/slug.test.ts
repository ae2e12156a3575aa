import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { composeName, containerName, generalName, looksLikeObjectId, pathName } from './name-rules.ts'
import { assignSlugs, isObjectName, prettySlug } from './slug.ts'

describe('prettySlug', () => {
  it.each<[name: string, slug: string]>([
    ['web', 'web'],
    ['my.app-1', 'my.app-1'],
    ['test_logger', 'test-logger'],
    ['My Stack!', 'my-stack'],
    ['Ünï', 'uni'],
    ['-a-', 'a'],
    ['a..b', 'a.b'],
    ['a-.-b', 'a.b'],
    ['REGISTRY_TOKEN', 'registry-token'],
  ])('%s is %s', (name, slug) => {
    expect(prettySlug(name)).toBe(slug)
  })

  it('gives every text a name that Kubernetes takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (name) => isObjectName(prettySlug(name))),
      { examples: [['日本'], [''], ['a'.repeat(300)], [`${'a'.repeat(252)}.b`], ['...']] },
    )
  })
})

describe('assignSlugs', () => {
  it('keeps the pretty slug for the name that is its own, and hashes the other', () => {
    expect([...assignSlugs(['a b', 'a-b'], [])]).toEqual([
      ['a-b', 'a-b'],
      ['a b', expect.stringMatching(/^a-b-[0-9a-f]{6}$/)],
    ])
  })

  it('leaves a name at the object that stands for it', () => {
    const live = [{ objectName: 'a-b', komodoName: 'a b' }]
    expect(assignSlugs(['a b', 'a-b'], live).get('a b')).toBe('a-b')
    expect(assignSlugs(['a b', 'a-b'], live).get('a-b')).toMatch(/^a-b-[0-9a-f]{6}$/)
  })

  it('finds the object again when only the stored form of the name is known', () => {
    const live = [{ objectName: 'my-stack', komodoName: 'my_stack' }]
    expect(assignSlugs(['My Stack'], live, composeName).get('My Stack')).toBe('my-stack')
  })

  const names = fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', '-', '_', ' ', '.', 'A'), maxLength: 5 }))

  it('gives different names different valid slugs, in any order', () => {
    fc.assert(
      fc.property(names, (all) => {
        const slugs = assignSlugs(all, [])
        expect(new Set(slugs.values()).size).toBe(all.length)
        expect([...slugs.values()].every(isObjectName)).toBe(true)
        expect(assignSlugs([...all].reverse(), [])).toEqual(slugs)
      }),
    )
  })

  it('never moves a name that has an object, whatever else is declared later', () => {
    fc.assert(
      fc.property(names, names, (first, more) => {
        const before = assignSlugs(first, [])
        const live = [...before].map(([komodoName, objectName]) => ({ komodoName, objectName }))
        const after = assignSlugs([...first, ...more], live)
        for (const [name, slug] of before) expect(after.get(name)).toBe(slug)
        expect(new Set(after.values()).size).toBe(after.size)
      }),
    )
  })
})

describe('names as Komodo stores them', () => {
  it.each<[sentence: string, rule: (name: string) => string, name: string, stored: string]>([
    ['Stack', composeName, 'My Stack!', 'my_stack_'],
    ['Build', composeName, '_Api.Server', 'api_server'],
    ['Stack, not ASCII', composeName, 'Ünï', 'n_'],
    ['Deployment', containerName, 'My App:1', 'My_App_1'],
    ['Deployment, leading dash', containerName, '-web.1', 'web.1'],
    ['Server', generalName, ' prod 1 ', 'prod 1'],
    ['Server, `two` newline `lines`', generalName, 'two\nlines', 'two_lines'],
    ['Repo', pathName, 'owner/name', 'owner/name'],
    ['Repo, space', pathName, 'my repo', 'my_repo'],
  ])('%s', (_, rule, name, stored) => {
    expect(rule(name)).toBe(stored)
  })

  it('are settled after one pass', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(composeName, containerName, generalName, pathName), (name, rule) => {
        expect(rule(rule(name))).toBe(rule(name))
      }),
    )
  })

  it('are never a database id', () => {
    expect(looksLikeObjectId('64b7f0c2a9e4d1f3b2c5a6d7')).toBe(true)
    expect(looksLikeObjectId('web')).toBe(false)
  })
})
