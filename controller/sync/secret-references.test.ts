import { expect, it } from 'vitest'
import { secretReferences } from './secret-references.ts'

it('finds the references of a spec at any depth, and takes nothing else for one', () => {
  const spec = {
    passkeyFrom: { secretKeyRef: { name: 'a', key: 'passkey' } },
    accounts: [{ username: 'u' }, { username: 'v', tokenFrom: { secretKeyRef: { name: 'b', key: 'token' } } }],
    params: { secretKeyRef: 'text' },
  }
  expect(secretReferences(spec)).toEqual([
    { name: 'a', key: 'passkey' },
    { name: 'b', key: 'token' },
  ])
  expect(secretReferences(undefined)).toEqual([])
})
