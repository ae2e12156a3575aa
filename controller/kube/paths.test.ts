import { describe, expect, it } from 'vitest'
import { crdType, secretType } from './builtin-types.ts'
import { resourcePath, withQuery } from './paths.ts'

describe('paths of the API', () => {
  it.each([
    ['a collection in a namespace', resourcePath(secretType, { namespace: 'a' }), '/api/v1/namespaces/a/secrets'],
    ['a collection across namespaces', resourcePath(secretType, {}), '/api/v1/secrets'],
    [
      'an object of a group',
      resourcePath(crdType, { name: 'x.y' }),
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/x.y',
    ],
    [
      'an object without a namespace, whatever is given',
      resourcePath(crdType, { namespace: 'a', name: 'b' }, 'status'),
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/b/status',
    ],
    [
      'a name that would climb',
      resourcePath(secretType, { namespace: 'a', name: 'b/../c' }),
      '/api/v1/namespaces/a/secrets/b%2F..%2Fc',
    ],
  ])('of %s', (_, path, expected) => {
    expect(path).toBe(expected)
  })

  it.each(['..', '.', ''])('refuse %j as a name', (name) => {
    expect(() => resourcePath(secretType, { namespace: 'a', name })).toThrow(TypeError)
  })

  it('leave out parameters that say nothing', () => {
    expect(withQuery('/x', { a: undefined, b: false, c: 'a=b&c', d: 0 })).toBe('/x?c=a%3Db%26c&d=0')
  })
})
