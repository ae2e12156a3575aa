import { describe, expect, it } from 'vitest'
import type { Thing } from '../../test/harness/thing-api.ts'
import { thing } from '../../test/harness/thing-api.ts'
import { parseKey } from '../api/meta.ts'
import { ObjectStore } from './object-store.ts'

const at = (version: string, name = 'a', more: Partial<Thing['metadata']> = {}, value = version): Thing =>
  thing(name, { value }, { uid: `uid-${name}`, resourceVersion: version, ...more })

const filled = (...objects: Thing[]): ObjectStore<Thing> => {
  const store = new ObjectStore<Thing>()
  store.replaceAll(objects)
  return store
}

const A = { namespace: 'default', name: 'a' }

describe('the object store', () => {
  it('shows an own write before the watch does', () => {
    const store = filled(at('5'))
    store.wroteThrough(at('7'))
    expect(store.get(A)?.spec.value).toBe('7')
  })

  it('is not thrown back by older events that the watch still delivers', () => {
    const store = filled(at('5'))
    store.wroteThrough(at('10'))
    store.upsert(at('9'))
    expect(store.get(A)?.spec.value).toBe('10')
    store.upsert(at('11'))
    expect(store.get(A)?.spec.value).toBe('11')
  })

  it('is not thrown back by a list that was taken before an own write', () => {
    const store = filled(at('5'))
    store.wroteThrough(at('7'))
    store.replaceAll([at('6')])
    expect(store.get(A)?.spec.value).toBe('7')
  })

  it('does believe a list that goes back in time when nothing was written: the API was restored from a backup', () => {
    const store = filled(at('50'))
    store.replaceAll([at('7')])
    expect(store.get(A)?.spec.value).toBe('7')
  })

  it('says nothing about the echo of an own write', () => {
    const store = filled(at('5'))
    let changes = 0
    store.onChange(() => changes++, new AbortController().signal)
    store.wroteThrough(at('7'))
    store.upsert(at('7'))
    expect(changes).toBe(1)
  })

  it('does not bring back what was deleted while its write was under way', () => {
    const store = filled(at('5'))
    store.remove(at('6'))
    store.wroteThrough(at('7'))
    expect(store.get(A)).toBeUndefined()
  })

  it('does not mistake an object of the same name for the one that was written', () => {
    const store = filled(at('8', 'a', { uid: 'second' }))
    store.wroteThrough(at('9', 'a', { uid: 'first' }))
    expect(store.get(A)?.metadata.uid).toBe('second')
  })

  it('finds by the exact Komodo name before the object name', () => {
    const named = at('1', 'my-stack', { annotations: { 'komodo.dev/name': 'My Stack' } })
    const decoy = at('2', 'other', { annotations: { 'komodo.dev/name': 'my-stack' } })
    const store = filled(named, decoy)
    expect(store.find('default', 'My Stack')).toBe(named)
    expect(store.find('default', 'other')).toBe(decoy)
    expect(store.find('default', 'my-stack')).toBe(decoy)
    expect(store.find('elsewhere', 'My Stack')).toBeUndefined()
  })

  it('keeps indexes true through changes and deletions, and fills new ones with what is there', () => {
    const store = filled(at('1', 'a', {}, 'x'), at('2', 'b', {}, 'x'))
    store.addIndex('value', ({ spec }) => (spec.value === undefined ? [] : [spec.value]))
    const names = (value: string): string[] => store.byIndex('value', value).map(({ metadata }) => metadata.name)
    expect(names('x')).toEqual(['a', 'b'])
    store.upsert(at('3', 'a', {}, 'y'))
    expect([names('x'), names('y')]).toEqual([['b'], ['a']])
    store.remove(at('4', 'b'))
    expect(names('x')).toEqual([])
    expect(() => store.byIndex('valu', 'x')).toThrow('there is no index "valu"')
  })

  it('tells listeners until they no longer want to know', () => {
    const store = filled()
    const wanted = new AbortController()
    const heard: (string | undefined)[] = []
    store.onChange(({ after }) => heard.push(after?.spec.value), wanted.signal)
    store.upsert(at('1'))
    wanted.abort()
    store.upsert(at('2'))
    expect(heard).toEqual(['1'])
  })

  it.each(['default/web', '/cluster-wide'])('reads back the key %s', (text) => {
    const { namespace = '', name } = parseKey(text)
    expect(`${namespace}/${name}`).toBe(text)
  })
})
