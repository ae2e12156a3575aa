import { komodoNameOf } from '../../api/names.ts'
import { type Variable, variableCondition, variableKind } from '../../api/v1alpha1/variable.ts'
import { StalledError, WaitingError } from '../../engine/errors.ts'
import type { Pass, Reconciler } from '../../engine/reconciler.ts'
import type { VariableUsers } from '../interpolation/users.ts'
import type { SecretReader } from '../secrets.ts'
import { faultOf, shapeFaultOf } from './rules.ts'

const { valid } = variableCondition
const SECRET_RETRY_MS = 60_000
/** `usedBy` is for people; following every change of every user would write it a thousand times during a large sync, and looking often costs. */
const COUNT_AGAIN_MS = 10 * 60_000

export interface VariableDeps {
  users: VariableUsers
  secrets: SecretReader
}

/** Says whether a variable can be used. Whoever uses it is woken by `VariableUsers`, not from here. */
export function variableReconciler({ users, secrets }: VariableDeps): Reconciler<Variable> {
  return {
    type: variableKind,
    owns: [valid],
    wakeOn: [users.wakeVariables(secrets)],
    async reconcile(variable, pass) {
      const name = komodoNameOf(variable)
      pass.status.fields.usedBy = users.count(variable)
      const shape = shapeFaultOf(variable.spec)
      if (shape !== undefined) throw new StalledError(valid, shape.reason, shape.message)
      const fault = faultOf(name, await readValue(variable, secrets, pass), variable.spec.isSecret)
      if (fault !== undefined) throw new StalledError(valid, fault.reason, fault.message)
      pass.status.markTrue(valid, 'Valid', `Use it as [[${name}]].`)
      return { afterMs: COUNT_AGAIN_MS }
    },
  }
}

async function readValue(
  { metadata, spec }: Readonly<Variable>,
  secrets: SecretReader,
  pass: Pass<Variable>,
): Promise<string> {
  const reference = spec.valueFrom?.secretKeyRef
  if (!spec.isSecret || reference === undefined) return spec.value
  const value = (await secrets.read(metadata.namespace ?? '', reference.name, pass.signal))?.get(reference.key)
  if (value === undefined) {
    throw new WaitingError(
      valid,
      'SecretNotFound',
      `key "${reference.key}" of Secret "${reference.name}" is not there: create it`,
      SECRET_RETRY_MS,
    )
  }
  pass.redact([value])
  return value
}
