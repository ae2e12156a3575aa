import { conditionOf, type KubeObject, keyText } from '../api/meta.ts'
import { looksLikeObjectId } from '../api/name-rules.ts'
import { annotation, komodoNameOf } from '../api/names.ts'
import { type Server, serverCondition } from '../api/v1alpha1/server.ts'
import { StalledError, WaitingError } from '../engine/errors.ts'
import type { Lister } from '../engine/lister.ts'

/** The spellings by which another object may name this one: its Komodo name, `metadata.name`, and the id that it had in Komodo. */
export const referencesTo = (object: Pick<KubeObject, 'metadata'>): readonly string[] => {
  const id = object.metadata.annotations?.[annotation.id]
  return [...new Set([komodoNameOf(object), object.metadata.name, ...(id === undefined ? [] : [id])])]
}

/** Says that what a field names is not there, and what to do. */
export function missingText(kind: string, reference: string, field: string, namespace: string | undefined): string {
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`
  const advice = looksLikeObjectId(reference)
    ? `this looks like an id of a Komodo database: write the name of the ${kind} in \`${field}\``
    : `declare it, or correct \`${field}\``
  return `there is no ${kind} "${reference}"${where}: ${advice}`
}

/** `namespace/name`: how containers say who made them. */
export const ownerOf = ({ metadata }: Pick<KubeObject, 'metadata'>): string => keyText(metadata)

/** Condition of everything that runs on a server. */
export const SERVER_READY = 'ServerReady'

/**
 * The server that an object runs on, if it can be used now. Throws `StalledError` when none is named and `WaitingError` while
 * it is missing, disabled or unreachable: whoever calls is woken when the server changes.
 */
export function usableServer(
  servers: Lister<Server>,
  { metadata: { namespace }, spec: { server: reference, swarm } }: Readonly<KubeObject<RunsOnServer>>,
): Readonly<Server> {
  if (swarm !== '') {
    throw new WaitingError(
      SERVER_READY,
      'SwarmNotSupported',
      `\`swarm\` names Swarm "${swarm}", and Swarms are not supported yet: name a Server instead`,
      NOT_BY_ITSELF_MS,
    )
  }
  if (reference === '') {
    throw new StalledError(SERVER_READY, 'NoServer', 'no server is named: set `server` to the name of a Server')
  }
  const server = servers.find(namespace, reference)
  if (server === undefined) {
    throw new WaitingError(
      SERVER_READY,
      'ServerNotFound',
      missingText('Server', reference, 'server', namespace),
      NOT_BY_ITSELF_MS,
    )
  }
  return usable(server)
}

interface RunsOnServer {
  server: string
  swarm: string
}

function usable(server: Readonly<Server>): Readonly<Server> {
  const name = komodoNameOf(server)
  if (!server.spec.enabled) {
    throw new WaitingError(
      SERVER_READY,
      'ServerDisabled',
      `Server "${name}" is disabled and never contacted: set \`enabled = true\` on it`,
      NOT_BY_ITSELF_MS,
    )
  }
  const reachable = conditionOf(server, serverCondition.reachable)
  if (reachable?.status !== 'True') {
    throw new WaitingError(
      SERVER_READY,
      'ServerNotReady',
      reachable === undefined
        ? `Server "${name}" was not looked at yet`
        : `Server "${name}" cannot be used now: ${reachable.message}`,
      NOT_BY_ITSELF_MS,
    )
  }
  return server
}

/** For waits that a change of another object ends: the wake-up comes from there, this is only the safety net. */
export const NOT_BY_ITSELF_MS = 10 * 60_000
