import { describe, expect, it } from 'vitest'
import { variable } from '../../../test/build/objects.ts'
import type { KubeObject } from '../../api/meta.ts'
import type { Variable } from '../../api/v1alpha1/variable.ts'
import { ObjectStore } from '../../engine/object-store.ts'
import { type InterpolatedKind, interpolatedFields } from '../../text/interpolated-fields.ts'
import { VariableUsers } from './users.ts'

const object = (kind: string, name: string, spec: unknown): KubeObject => ({
  apiVersion: 'komodo.dev/v1alpha1',
  kind,
  metadata: { name, namespace: 'default' },
  spec,
})

describe('who uses a variable', () => {
  const kinds = Object.keys(interpolatedFields) as InterpolatedKind[]

  it.each(kinds)('is known of %s, in each of its fields, and an escape is no use', (kind) => {
    const variables = new ObjectStore<Variable>()
    const store = new ObjectStore<KubeObject>()
    const users = new VariableUsers(variables, [{ kind, lister: store, secretsOf: () => [] }])
    const used = variable('USED', 'x')
    variables.upsert(used)
    const fields = Object.keys(interpolatedFields[kind])
    for (const [i, field] of fields.entries()) {
      const nested = (text: string) => field.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), text)
      store.upsert(object(kind, `uses-${i}`, nested('x [[USED]]')))
      store.upsert(object(kind, `escapes-${i}`, nested('x [[[USED]]]')))
    }
    expect(users.count(used)).toBe(fields.length)
  })
})
