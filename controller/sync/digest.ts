import { createHash, createHmac, hash as hashOf } from 'node:crypto'
import { canonicalJson } from '../json.ts'
import type { PlannedDeploy } from './deploy-order.ts'
import type { DesiredObject } from './desired.ts'
import type { FieldChange } from './diff.ts'

/** What a digest names of an object that goes away. */
interface Deleted {
  kind: DesiredObject['kind']
  name: string
  objectName: string
  uid: string
}

/**
 * Names one change: everything that will be applied and everything that it replaces, but not where it is declared, so that moving
 * a block does not void an approval. Secret values enter by a keyed hash: nobody can try out values against a digest.
 */
export function changeDigest(
  action: 'create' | 'update' | 'delete',
  object: DesiredObject | Deleted,
  fields: readonly FieldChange[],
  key: Uint8Array,
): string {
  const parts: unknown[] = [action, object.kind.definition.kind, object.name, object.objectName]
  if ('uid' in object) parts.push(object.uid)
  else {
    parts.push(object.spec, object.labels, object.annotations)
    if (action === 'update') parts.push([...fields].sort((a, b) => (a.path < b.path ? -1 : 1)))
    const secrets = Object.entries(object.secret?.data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [name, value] of secrets) {
      parts.push(name, createHmac('sha256', key).update(value).digest('hex'))
    }
  }
  return hashOf('sha256', canonicalJson(parts), 'base64url')
}

/** `sha256:...` over all changes and the deploys that they cause; empty when there is nothing to approve. */
export function planDigest(changes: readonly { digest: string }[], deploys: readonly PlannedDeploy[]): string {
  if (changes.length === 0) return ''
  const hash = createHash('sha256')
  // At once: each part given to the hash alone costs more than hashing it.
  const lines = [...changes.map(({ digest }) => digest).sort(), ...deploys.map(({ round, key }) => `${round} ${key}`)]
  hash.update(`${lines.join('\n')}\n`)
  return `sha256:${hash.digest('hex')}`
}
