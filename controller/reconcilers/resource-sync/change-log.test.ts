import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../api/meta.ts'
import { annotation, label } from '../../api/names.ts'
import { ObjectStore } from '../../engine/object-store.ts'
import { concernsOf } from './change-log.ts'
import { LiveChanges } from './live-changes.ts'

const { signal } = new AbortController()
const sync = { metadata: { namespace: 'default', name: 'apps' } }
/** A sync that declares Stack "Web App" (object web-app), which comes after another sync's, and applied it and an older Server. */
const declared = [{ kind: 'Stack', name: 'Web App', spec: { after: ['Their DB'] } }]
const concerns = concernsOf(sync, declared, new Set(['Stack/web-app', 'Server/old']))

interface Changed {
  kind?: string
  name?: string
  komodoName?: string
  owner?: string
  labels?: Record<string, string>
  status?: object
}
let version = 0
const object = ({ kind = 'Stack', name = 'other', komodoName, owner, labels, status }: Changed): KubeObject => ({
  apiVersion: 'komodo.dev/v1alpha1',
  kind,
  metadata: {
    name,
    namespace: 'default',
    uid: name,
    generation: ++version,
    resourceVersion: `${version}`,
    ...(labels === undefined ? {} : { labels }),
    annotations: {
      ...(komodoName === undefined ? {} : { [annotation.name]: komodoName }),
      ...(owner === undefined ? {} : { [annotation.sync]: owner }),
    },
  },
  spec: {},
  ...(status === undefined ? {} : { status }),
})

const changesOf = (...changes: readonly Changed[]) => {
  const store = new ObjectStore<KubeObject>()
  const live = new LiveChanges([store])
  live.wake(() => {}, signal)
  const before = live.version('default')
  for (const change of changes) store.upsert(object(change))
  return { live, before, store }
}

describe('a change concerns a sync', () => {
  it.each<[string, Changed]>([
    ['of the object that it declares, by its own name', { name: 'web-app' }],
    ['of one that takes the name that it declares', { name: 'x', komodoName: 'Web App' }],
    ['of one that it applied and declares no more', { kind: 'Server', name: 'old' }],
    ['of one that says it belongs to it', { name: 'x', owner: 'default/apps' }],
    ['of its Secrets', { kind: 'Secret', name: 'x', labels: { [label.sync]: 'apps' } }],
    ['of a Secret that is nobody’s', { kind: 'Secret', name: 'x' }],
    ['of what its objects come after, whoever has it', { kind: 'Deployment', name: 'x', komodoName: 'Their_DB' }],
    ['of conflicts that another sync reports', { kind: 'ResourceSync', name: 'x', status: { conflicts: ['Stack/y'] } }],
  ])('%s', (_, change) => {
    const { live, before } = changesOf({}, change, {})
    expect(live.concern('default', before, concerns)).toBe(true)
  })

  it.each<[string, Changed]>([
    ['of another object', { name: 'x' }],
    ['of an object of another kind and the same name', { kind: 'Deployment', name: 'web-app' }],
    ['of an object of another sync', { name: 'x', owner: 'default/others' }],
    ['of a Secret of another sync', { kind: 'Secret', name: 'x', labels: { [label.sync]: 'others' } }],
    ['of another sync', { kind: 'ResourceSync', name: 'x' }],
  ])('not %s', (_, change) => {
    const { live, before } = changesOf(change)
    expect(live.concern('default', before, concerns)).toBe(false)
    expect(live.concern('default', before, undefined)).toBe(true)
    expect(live.concern('default', live.version('default'), undefined)).toBe(false)
  })

  it('that an object stops to have its name, or goes', () => {
    const { live, store } = changesOf({ name: 'x', komodoName: 'Web App' })
    const before = live.version('default')
    store.upsert(object({ name: 'x', komodoName: 'Other' }))
    expect(live.concern('default', before, concerns)).toBe(true)
    store.upsert(object({ name: 'web-app' }))
    const later = live.version('default')
    store.remove(object({ name: 'web-app' }))
    expect(live.concern('default', later, concerns)).toBe(true)
  })

  it('whatever it is, when it was so long ago that nobody remembers', () => {
    const { live, before } = changesOf(...Array.from({ length: 10_001 }, () => ({ name: 'x' })))
    expect(live.concern('default', before, concerns)).toBe(true)
    expect(live.concern('default', live.version('default') - 1, concerns)).toBe(false)
  })

  it('whatever it is, when the sync has very many objects', () => {
    const many = new Set(Array.from({ length: 5_000 }, (_, i) => `Stack/s${i}`))
    expect(concernsOf(sync, [], many)).toBeUndefined()
  })
})
