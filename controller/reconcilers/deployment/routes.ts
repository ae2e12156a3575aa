import { keyOf, keyText, type ObjectKey, parseKey } from '../../api/meta.ts'
import type { Deployment } from '../../api/v1alpha1/deployment.ts'
import type { Server } from '../../api/v1alpha1/server.ts'
import type { Lister } from '../../engine/lister.ts'
import { containerLabel } from '../../hosts/labels.ts'
import type { Route } from '../host-events.ts'
import { referencesTo } from '../references.ts'
import { containerNameOf } from './request.ts'

const SERVER = 'server'
const CONTAINER = 'container'

/** Must be called once, before the look-ups below. */
export function indexDeployments(deployments: Lister<Deployment>): void {
  deployments.addIndex(SERVER, ({ metadata, spec }) => [keyText({ namespace: metadata.namespace, name: spec.server })])
  deployments.addIndex(CONTAINER, (deployment) => [
    containerKey(deployment.metadata.namespace, deployment.spec.server, containerNameOf(deployment)),
  ])
}

export function* deploymentsOn(deployments: Lister<Deployment>, server: Readonly<Server>): Iterable<ObjectKey> {
  for (const name of referencesTo(server)) {
    const key = keyText({ namespace: server.metadata.namespace, name })
    for (const deployment of deployments.byIndex(SERVER, key)) {
      yield keyOf(deployment)
    }
  }
}

/** By the owner, for containers that a rollout keeps under another name, and by name, for those of somebody else. */
export const routeToDeployments = (deployments: Lister<Deployment>): Route =>
  function* (server, event) {
    const owner = event.labels[containerLabel.owner]
    if (owner?.includes('/')) yield parseKey(owner)
    for (const reference of referencesTo(server)) {
      const key = containerKey(server.metadata.namespace, reference, event.name)
      for (const deployment of deployments.byIndex(CONTAINER, key)) yield keyOf(deployment)
    }
  }

const containerKey = (namespace: string | undefined, server: string, container: string): string =>
  `${namespace ?? ''}/${server}/${container}`
