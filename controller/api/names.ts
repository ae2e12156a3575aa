/** Well-known annotation, label, finalizer and field-manager names. Part of the contract: never change one without a migration. */

import type { KubeObject } from './meta.ts'

export const GROUP = 'komodo.dev'
export const VERSION = 'v1alpha1'
export const CATEGORY = 'komodo'

export const annotation = {
  /** The exact Komodo name, when `metadata.name` is only its slug. */
  name: 'komodo.dev/name',
  /** Id in the database of the Komodo that the object came from: references may use it. */
  id: 'komodo.dev/id',
  /** `file:line` the object was declared at. */
  source: 'komodo.dev/source',
  /** What a managed sync applied last: a short hash of each declared field. It tells whether the file or the object was changed since. */
  declared: 'komodo.dev/declared',
  /** File that a new object is to be declared in, relative to the root of the source of its managed sync. */
  file: 'komodo.dev/file',
  /** `namespace/name` of the ResourceSync that declared the object. */
  sync: 'komodo.dev/sync',
  /** Any new value asks for a reconcile at once (like Flux's). */
  requestedAt: 'reconcile.komodo.dev/requestedAt',
  /** Any new value asks for a deploy, whatever `spec.deploy` says. */
  deployRequestedAt: 'komodo.dev/deployRequestedAt',
  /** On a Server: any new value asks for the list of its containers that nobody declared. */
  inventoryRequestedAt: 'komodo.dev/inventoryRequestedAt',
  /** Any new value asks for a deploy if anything changed since the last one, whatever `spec.deploy` says. */
  deployChangesRequestedAt: 'komodo.dev/deployChangesRequestedAt',
  /** JSON (`api/webhook-record.ts`): the webhook delivery that last asked for something. */
  webhook: 'komodo.dev/webhook',
  /** Set to `"true"` to let a deletion go through without cleaning the unreachable host. */
  forceDelete: 'komodo.dev/force-delete',
} as const

export const label = {
  /** Objects that this operator made carry it with the value `OPERATOR`. */
  managedBy: 'app.kubernetes.io/managed-by',
  /** Name of the ResourceSync that applied the object. */
  sync: 'komodo.dev/sync',
  /** One label per tag: `tag.komodo.dev/<slug>` = "". */
  tagPrefix: 'tag.komodo.dev/',
} as const

/** The name of this program among others: in labels, leases and events. */
export const OPERATOR = 'komodo-operator'

export const FINALIZER = 'komodo.dev/cleanup'

export const fieldManager = {
  /** Server-side applies what a ResourceSync declares. */
  sync: 'komodo-sync',
  /** Writes finalizers and status. */
  controller: 'komodo-controller',
  /** Writes the annotations by which a webhook asks for something. */
  webhook: 'komodo-webhook',
} as const

/** The name people know an object by: the exact Komodo name, of which `metadata.name` may only be the slug. */
export const komodoNameOf = ({ metadata }: Pick<KubeObject, 'metadata'>): string =>
  metadata.annotations?.[annotation.name] ?? metadata.name
