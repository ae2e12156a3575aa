import { conditionOf, isConditionTrue } from '../../controller/api/meta.ts'
import { komodoNameOf } from '../../controller/api/names.ts'
import { kinds } from '../../controller/api/v1alpha1/kinds.ts'
import type { CommandContext } from '../context.ts'
import { type ExitCode, exit } from '../exit.ts'
import { findKind } from '../find-kind.ts'
import { type AnyObject, findObject } from '../objects.ts'
import { renderTable } from '../table.ts'

export interface GetOptions {
  output?: 'json'
}

/** Lists Komodo objects with what matters about each: is it Ready, and if not, why. */
export const get = async (
  kind: string | undefined,
  name: string | undefined,
  options: GetOptions,
  { terminal, connect, signal }: CommandContext,
): Promise<ExitCode> => {
  const types = kind === undefined ? kinds.filter(({ toml }) => toml !== undefined) : [findKind(kind)]
  const connection = await connect()
  const objects: AnyObject[] = []
  for (const type of types) {
    if (name !== undefined) objects.push(await findObject(connection, type, name, signal))
    else
      objects.push(
        ...(await connection.client.list<AnyObject>(type, { namespace: connection.namespace, signal })).items,
      )
  }
  if (options.output === 'json') {
    terminal.print(JSON.stringify(name === undefined ? objects : objects[0], null, 2))
    return exit.ok
  }
  if (objects.length === 0) {
    terminal.note(`nothing in namespace ${connection.namespace}`)
    return exit.ok
  }
  const rows = objects.map((object) => {
    const ready = conditionOf(object, 'Ready')
    // A plan or an approval is never Ready; what became of it was said last.
    const { reason = '', message = '' } = ready ?? object.status?.conditions?.at(-1) ?? {}
    return [object.kind, komodoNameOf(object), ready?.status ?? 'Unknown', reason, before(object) + message]
  })
  terminal.print(renderTable(['KIND', 'NAME', 'READY', 'REASON', 'MESSAGE'], rows))
  return exit.ok
}

/** What a suspended object says is what it said when it was left alone. */
const before = (object: AnyObject): string => (isConditionTrue(object, 'Suspended') ? 'suspended; before: ' : '')
