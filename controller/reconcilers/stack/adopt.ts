import { komodoNameOf } from '../../api/names.ts'
import type { Server } from '../../api/v1alpha1/server.ts'
import { type Stack, type StackStatus, stackCondition } from '../../api/v1alpha1/stack.ts'
import type { Pass } from '../../engine/reconciler.ts'
import type { Host } from '../../hosts/port.ts'
import { onHost } from '../host-failure.ts'
import type { Desired } from './look.ts'
import { recordDeployed } from './record.ts'
import { composeRequest } from './request.ts'
import type { Work } from './work.ts'

/**
 * A project that somebody else brought up (`operator.adopt`) counts as deployed when compose itself says that `up` would change nothing.
 * Until something may be touched it is only observed: status names no project, so nothing of it is ever removed.
 */
export async function adoptProject(
  stack: Readonly<Stack>,
  pass: Pass<Stack>,
  { host, server, desired, hash }: { host: Host; server: Readonly<Server>; desired: Desired; hash: string },
): Promise<{ status: StackStatus; differs: readonly string[] }> {
  const status = stack.status ?? {}
  const { fields } = pass.status
  const isOurs = status.project !== undefined || status.rollout !== undefined
  const canTell = desired.kind === 'host' && desired.settings.environment.length === 0
  if (!stack.spec.operator.adopt || isOurs || !canTell || status.deployedHash === hash) return { status, differs: [] }

  const request = composeRequest(stack, desired.settings, {
    kind: desired.kind,
    tree: undefined,
    after: desired.after,
    registryAuth: [],
    secrets: desired.secrets,
    formerProjects: [],
  })
  // Decrypted files would have to be written first.
  if (request.additionalEnvFiles.some(({ contents }) => contents !== undefined)) return { status, differs: [] }
  const { services, changes } = await onHost(komodoNameOf(server), stackCondition.deployed, () =>
    host.checkProject(request, pass.signal),
  )
  if (changes.length > 0) return { status, differs: changes }
  recordDeployed(pass, desired, { services, log: [] })
  fields.deployedHash = hash
  return { status: { ...status, ...fields }, differs: [] }
}

/** From now on the project is the Stack's own. */
export function takeOver({ pass, server, desired, request }: Work): void {
  const { fields } = pass.status
  if (!request.mayAct || fields.project !== undefined) return
  fields.server = server.metadata.name
  fields.project = desired.settings.project
  const where = `compose project "${fields.project}" on Server "${komodoNameOf(server)}"`
  pass.event('Normal', 'Adopted', `Took over ${where} as it runs: compose would change nothing.`)
}
