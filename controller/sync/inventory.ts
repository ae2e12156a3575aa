import type { OwnerReference } from '../api/meta.ts'
import { label, OPERATOR } from '../api/names.ts'
import { type ConfigMap, configMapType } from '../kube/builtin-types.ts'
import type { KubeClient } from '../kube/client.ts'
import { labelValue } from './desired.ts'
import { putObject } from './put.ts'

/**
 * What a sync applied, and so may prune. It lives in ConfigMaps beside the sync, one line an object, because a list of 10,000 in
 * the sync's status would travel with each of its changes. A name is in it before its object is made, so that a crash leaves
 * nothing behind that nobody remembers; whether an object still belongs to the sync, the object itself says (its annotation).
 */
export interface InventoryContext {
  client: KubeClient
  namespace: string
  sync: string
  owner: OwnerReference
  signal: AbortSignal
}

/** Names of the ConfigMaps, and `Kind/objectName` of each object. */
export interface Inventory {
  configMaps: readonly string[]
  objects: ReadonlySet<string>
}

const ROLE = 'komodo.dev/role'
/** Of text in one ConfigMap; the API takes 1 MiB. */
const MAX_BYTES = 700_000

export async function readInventory({
  client,
  namespace,
  sync,
  signal,
}: Omit<InventoryContext, 'owner'>): Promise<Inventory> {
  const labelSelector = `${ROLE}=inventory,${label.sync}=${labelValue(sync)}`
  const { items } = await client.list<ConfigMap>(configMapType, { namespace, labelSelector, signal })
  const objects = new Set<string>()
  for (const { data } of items) {
    for (const [kind, names] of Object.entries(data ?? {})) {
      for (const name of names.split('\n')) if (name !== '') objects.add(`${kind}/${name}`)
    }
  }
  return { configMaps: items.map((item) => item.metadata.name).sort(), objects }
}

/** Writes what differs from `before`, and removes ConfigMaps that are no longer needed. */
export async function writeInventory(
  objects: ReadonlySet<string>,
  before: Inventory,
  { client, namespace, sync, owner, signal }: InventoryContext,
): Promise<Inventory> {
  if (sameSet(objects, before.objects)) return before
  const written: string[] = []
  for (const [i, data] of inventoryData(objects).entries()) {
    const name = `${labelValue(`komodo-inventory-${sync}`).toLowerCase()}${i === 0 ? '' : `-${i + 1}`}`
    const labels = { [ROLE]: 'inventory', [label.managedBy]: OPERATOR, [label.sync]: labelValue(sync) }
    const metadata = { name, namespace, labels, ownerReferences: [owner] }
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, spec: undefined, data }
    await putObject(client, configMapType, object, { exists: before.configMaps.includes(name), signal })
    written.push(name)
  }
  for (const name of before.configMaps) {
    if (!written.includes(name)) await client.delete(configMapType, { namespace, name }, { signal })
  }
  return { configMaps: written, objects }
}

/** Names by kind, sorted, cut into pieces that one ConfigMap takes. */
export function inventoryData(objects: Iterable<string>): Record<string, string>[] {
  const pieces: Record<string, string[]>[] = [{}]
  let bytes = 0
  for (const key of [...objects].sort()) {
    const slash = key.indexOf('/')
    const [kind, name] = [key.slice(0, slash), key.slice(slash + 1)]
    if (bytes + name.length + 1 > MAX_BYTES) {
      pieces.push({})
      bytes = 0
    }
    bytes += name.length + 1
    const piece = pieces.at(-1) ?? {}
    const names = piece[kind]
    if (names === undefined) piece[kind] = [name]
    else names.push(name)
  }
  return pieces.map((piece) =>
    Object.fromEntries(Object.entries(piece).map(([kind, names]) => [kind, names.join('\n')])),
  )
}

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((item) => b.has(item))
