import { apiVersionOf, type KubeObject, type OwnerReference } from '../api/meta.ts'
import { label } from '../api/names.ts'
import { type Secret, secretType } from '../kube/builtin-types.ts'
import { getOrUndefined, isNotFound, type KubeClient } from '../kube/client.ts'
import type { DesiredObject } from './desired.ts'
import type { SyncKind } from './kinds.ts'
import { putObject } from './put.ts'
import { secretReferences } from './secret-references.ts'

export interface ApplyContext {
  client: KubeClient
  namespace: string
  signal: AbortSignal
}

/** The decoded values of Secrets, by their names: what a plan compares declared values with. */
export const secretValues = (secrets: readonly Secret[]): Map<string, Record<string, string>> =>
  new Map(secrets.map(({ metadata, data }) => [metadata.name, decoded(data)]))

const decoded = (data: Secret['data']): Record<string, string> =>
  Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))

/** What a crash between an object and its Secret left undone. */
export interface LooseSecrets {
  /** Made before its object, which is there by now and is to own it. */
  adopt: readonly { desired: DesiredObject; owner: KubeObject }[]
  /** Made for an object that was never made and is not declared any more. */
  remove: readonly string[]
}

export async function tendSecrets({ adopt, remove }: LooseSecrets, context: ApplyContext): Promise<void> {
  for (const { desired, owner } of adopt) await applySecret(desired, owner, context)
  for (const name of remove) await deleteSecret(name, context)
}

/** The Secret of an object, if it has one. It is the sync's own, but never one that somebody else made under this name. */
export async function applySecret(
  desired: DesiredObject,
  owner: KubeObject | undefined,
  context: ApplyContext,
): Promise<void> {
  const { client, namespace, signal } = context
  const { secret, kind, labels } = desired
  if (secret === undefined) return
  const existing = await getOrUndefined<Secret>(client, secretType, { namespace, name: secret.name }, signal)
  if (existing !== undefined && existing.metadata.labels?.[label.managedBy] !== labels[label.managedBy]) {
    throw new Error(
      `its values belong into the Secret "${secret.name}", but somebody else made one of this name; remove or rename that`,
    )
  }
  const values = Object.fromEntries(
    Object.entries(secret.data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  )
  // What the declaration names instead of giving it again, as an export does.
  const named = new Set(secretReferences(desired.spec).flatMap(({ name, key }) => (name === secret.name ? [key] : [])))
  const kept = Object.entries(existing?.data ?? {}).filter(([key]) => named.has(key))
  const data = { ...Object.fromEntries(kept), ...values }
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secret.name,
      namespace,
      labels: {
        [label.managedBy]: labels[label.managedBy] ?? '',
        [label.sync]: labels[label.sync] ?? '',
      },
      ownerReferences: owner === undefined ? [] : [referenceTo(owner, kind)],
    },
    spec: undefined,
    type: 'Opaque',
    data,
  }
  await putObject(client, secretType, object, { exists: existing !== undefined, signal })
}

export async function deleteSecret(name: string, { client, namespace, signal }: ApplyContext): Promise<void> {
  try {
    await client.delete(secretType, { namespace, name }, { signal })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

const referenceTo = ({ metadata: { name, uid = '' } }: KubeObject, { definition }: SyncKind): OwnerReference => ({
  apiVersion: apiVersionOf(definition),
  kind: definition.kind,
  name,
  uid,
})
