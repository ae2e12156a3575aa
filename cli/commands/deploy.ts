import { conditionOf, isConditionTrue } from '../../controller/api/meta.ts'
import { annotation, komodoNameOf } from '../../controller/api/names.ts'
import type { CommandContext } from '../context.ts'
import { CommandError, type ExitCode, exit } from '../exit.ts'
import { findKind } from '../find-kind.ts'
import { type AnyObject, findObject } from '../objects.ts'
import { isReadyNow, waitFor } from '../wait.ts'

export interface DeployOptions {
  wait: boolean
  timeout: number
}

/** Asks for a deploy now, whatever `deploy` says, and waits until the object is Ready again. */
export const deploy = async (
  references: readonly string[],
  options: DeployOptions,
  context: CommandContext,
): Promise<ExitCode> => {
  const { terminal, connect, signal } = context
  const connection = await connect()
  for (const reference of references) {
    const object = await findDeployable(reference, connection, signal)
    const type = findKind(object.kind)
    const { namespace, name } = object.metadata
    const requestedAt = new Date().toISOString()
    await connection.client.patch(
      type,
      { namespace, name },
      { type: 'merge', body: { metadata: { annotations: askedAt(requestedAt) } } },
      { fieldManager: 'komodo-cli', signal },
    )
    const [noun, done] = object.kind === 'Repo' ? ['pull', 'pulled'] : ['deploy', 'deployed']
    terminal.note(`asked for a ${noun} of ${object.kind} ${komodoNameOf(object)}`)
    if (!options.wait) continue
    const handled = (now: AnyObject) => lastHandledDeploy(now) === requestedAt && isReadyNow(now)
    const lookedAt = (now: AnyObject) => handled(now) || isStalledSince(now, requestedAt)
    const after = await waitFor(connection, type, name, lookedAt, options.timeout * 1000, context)
    if (!handled(after)) {
      const said = conditionOf(after, 'Ready')
      throw new CommandError(`${object.kind} ${komodoNameOf(object)} cannot be ${done}: ${said?.message}`)
    }
    terminal.print(`${object.kind} ${komodoNameOf(object)} is ${done}`)
  }
  return exit.ok
}

/** Both, so that the answer can be told from what the object said before: also that it cannot be deployed at all. */
const askedAt = (time: string) => ({ [annotation.deployRequestedAt]: time, [annotation.requestedAt]: time })

const isStalledSince = ({ status }: AnyObject, requestedAt: string): boolean =>
  status?.lastHandledReconcileAt === requestedAt && isConditionTrue({ status }, 'Stalled')

const lastHandledDeploy = ({ status }: AnyObject): string | undefined =>
  (status as { lastHandledDeployAt?: string } | undefined)?.lastHandledDeployAt

const deployable = ['Deployment', 'Stack']
/** A pull that is asked for is the same to the object; only a name with the kind means it. */
const named = [...deployable, 'Repo']

/** `stack/web`, `deployment/web`, `repo/web`, or `web` when only one of the first two has it. */
const findDeployable = async (
  reference: string,
  connection: Parameters<typeof findObject>[0],
  signal: AbortSignal,
): Promise<AnyObject> => {
  const slash = reference.indexOf('/')
  if (slash !== -1) {
    const type = findKind(reference.slice(0, slash))
    if (!named.includes(type.kind))
      throw new CommandError(`a ${type.kind} cannot be deployed: name a Deployment, a Stack or a Repo`)
    return findObject(connection, type, reference.slice(slash + 1), signal)
  }
  const found: AnyObject[] = []
  for (const candidate of deployable) {
    try {
      found.push(await findObject(connection, findKind(candidate), reference, signal))
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
    }
  }
  const [only] = found
  if (only === undefined)
    throw new CommandError(`there is no Deployment and no Stack "${reference}" in namespace ${connection.namespace}`)
  if (found.length > 1)
    throw new CommandError(
      `both a Deployment and a Stack are called "${reference}": say deployment/${reference} or stack/${reference}`,
    )
  return only
}
