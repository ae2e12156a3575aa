import { describe, expect, it } from 'vitest'
import { variable } from '../../../test/build/objects.ts'
import type { Repo } from '../../api/v1alpha1/repo.ts'
import { interpolatedFields } from '../../text/interpolated-fields.ts'
import { afterPullOf } from './after-pull.ts'

const value = 'pa$$w0rd$x'
const pass = { signal: AbortSignal.timeout(10_000), redact: () => {} }
const deps = {
  variables: { find: () => variable('V', { isSecret: true, valueFrom: { secretKeyRef: { name: 's', key: 'v' } } }) },
  secrets: { read: async () => new Map([['v', value]]) },
} as never
const spec = { environment: '', envFilePath: '.env', skipSecretInterp: false }
const none = { path: '', command: '', shellMode: false }
const repoWith = (changes: object): Repo =>
  ({
    apiVersion: 'komodo.dev/v1alpha1',
    kind: 'Repo',
    metadata: { name: 'app', namespace: 'default' },
    spec: { ...spec, onClone: none, onPull: none, ...changes },
  }) as unknown as Repo

describe('what follows a pull of a Repo', () => {
  it.each(Object.keys(interpolatedFields.Repo))('has the names in %s replaced', async (field) => {
    const text = field === 'environment' ? 'A=[[V]]' : 'echo [[V]]'
    const change =
      field === 'environment' ? { environment: text } : { [field.split('.')[0] ?? '']: { ...none, command: text } }
    const { made, secrets } = await afterPullOf(repoWith(change), 'SourceReady', pass, deps)
    expect(JSON.stringify(made)).toContain('w0rd')
    expect(JSON.stringify(made)).not.toContain('[[V]]')
    expect(secrets).toEqual([value])
  })

  it('is an env file in which a secret is exactly what it is', async () => {
    const { made } = await afterPullOf(repoWith({ environment: 'A=[[V]]' }), 'SourceReady', pass, deps)
    expect(made.environment).toEqual([{ key: 'A', value: '"pa\\$\\$w0rd\\$x"' }])
  })
})
