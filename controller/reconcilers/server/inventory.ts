import { gzipSync } from 'node:zlib'
import { INVENTORY_KEY, INVENTORY_TYPE } from '../../api/found-container.ts'
import { annotation } from '../../api/names.ts'
import type { Server } from '../../api/v1alpha1/server.ts'
import type { Clock } from '../../engine/clock.ts'
import type { Pass } from '../../engine/reconciler.ts'
import type { Host } from '../../hosts/port.ts'
import { type Secret, secretType } from '../../kube/builtin-types.ts'
import { isNotFound, type KubeClient } from '../../kube/client.ts'
import { kubeTime } from '../../status/conditions.ts'

/** The part of the API that is needed to keep such a Secret. */
export type InventoryClient = Pick<KubeClient, 'create' | 'delete'>

/** Who asked has fetched it by then. */
const KEPT_MS = 10 * 60_000
/** What the API takes in one Secret, with room for the rest of it. */
const MOST_BYTES = 700_000

export const inventoryName = (server: Readonly<Server>): string => `${server.metadata.name}-inventory`

/**
 * Writes down which containers a host runs that nobody declared, when somebody asks by annotation. They are kept in a Secret, because
 * their environment is part of it, and only for a while.
 */
export async function answerInventory(
  server: Readonly<Server>,
  host: Host,
  pass: Pass<Server>,
  { client, clock }: { client: InventoryClient; clock: Clock },
): Promise<void> {
  const { fields } = pass.status
  const requestedAt = server.metadata.annotations?.[annotation.inventoryRequestedAt]
  if (requestedAt === undefined || requestedAt === fields.inventory?.requestedAt) {
    return forgetOld(server, pass, { client, clock })
  }
  const found = await host.inventory(pass.signal)
  const bytes = gzipSync(JSON.stringify(found))
  if (bytes.length > MOST_BYTES) {
    fields.inventory = { requestedAt, message: `${found.length} containers are more than one Secret holds` }
    return
  }
  const { namespace, uid, name } = server.metadata
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: inventoryName(server),
      ...(namespace === undefined ? {} : { namespace }),
      annotations: { [annotation.inventoryRequestedAt]: requestedAt },
      ownerReferences: [{ apiVersion: server.apiVersion, kind: server.kind, name, uid: uid ?? '' }],
    },
    spec: undefined,
    type: INVENTORY_TYPE,
    data: { [INVENTORY_KEY]: bytes.toString('base64') },
  }
  await remove(server, client, pass.signal)
  await client.create(secretType, secret, { signal: pass.signal })
  fields.inventory = { requestedAt, writtenAt: kubeTime(new Date(clock.now())), containers: found.length }
}

async function forgetOld(
  server: Readonly<Server>,
  pass: Pass<Server>,
  { client, clock }: { client: InventoryClient; clock: Clock },
): Promise<void> {
  const { inventory } = pass.status.fields
  if (inventory?.writtenAt === undefined || clock.now() - Date.parse(inventory.writtenAt) < KEPT_MS) return
  await remove(server, client, pass.signal)
  const { writtenAt: _, ...rest } = inventory
  pass.status.fields.inventory = rest
}

async function remove(server: Readonly<Server>, client: InventoryClient, signal: AbortSignal): Promise<void> {
  const { namespace } = server.metadata
  try {
    const key = { ...(namespace === undefined ? {} : { namespace }), name: inventoryName(server) }
    await client.delete(secretType, key, { signal })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
