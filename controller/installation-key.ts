import { randomBytes } from 'node:crypto'
import { label, OPERATOR } from './api/names.ts'
import { type Secret, secretType } from './kube/builtin-types.ts'
import type { KubeClient } from './kube/client.ts'
import { getOrUndefined, isAlreadyExists } from './kube/client.ts'

const NAME = 'komodo-operator-key'
const FIELD = 'key'
const BYTES = 32

/**
 * The secret of this installation, made at its first start and the same ever after, in a Secret of its own. Digests of secret values
 * are keyed with it, so that nobody who reads a status can try values out. Losing it only makes everything look changed once.
 */
export const installationKey = async (
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const key = { namespace, name: NAME }
  for (;;) {
    const found = await getOrUndefined<Secret>(client, secretType, key, signal)
    if (found !== undefined) {
      const bytes = Buffer.from(found.data?.[FIELD] ?? '', 'base64')
      if (bytes.length >= BYTES) return bytes
      throw new Error(`the Secret ${namespace}/${NAME} holds no usable "${FIELD}": delete it, and a new one is made`)
    }
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...key, labels: { [label.managedBy]: OPERATOR } },
      type: 'Opaque',
      data: { [FIELD]: randomBytes(BYTES).toString('base64') },
      spec: undefined,
    }
    try {
      await client.create(secretType, secret, { signal })
    } catch (error) {
      // Another replica was first: take its key.
      if (!isAlreadyExists(error)) throw error
    }
  }
}
