import type { Call } from '../call.ts'
import { forbidden, notFound } from '../http/status.ts'
import { metaOf } from '../object.ts'
import type { JsonObject } from '../schema/contract.ts'
import type { Transaction } from '../store/writer.ts'
import { keepCreator, stampCreator } from './creator.ts'
import { checkEscalation } from './escalation.ts'
import { warnOfUnserved } from './unserved.ts'

/** What may refuse or fill in a new object beyond its kind's own rules. In place. */
export const admitCreate = (tx: Transaction, call: Call, object: JsonObject): void => {
  checkNamespace(tx, call, object)
  checkEscalation(call, object, undefined)
  stampCreator(call, object)
  warnOfUnserved(call, object)
}

/** What may refuse a change of an object. */
export const admitUpdate = (call: Call, object: JsonObject, old: JsonObject): void => {
  checkEscalation(call, object, old)
  keepCreator(call, object, old)
  warnOfUnserved(call, object)
}

/** Nothing new in a namespace that is not there, or on its way out (NamespaceLifecycle). */
const checkNamespace = (tx: Transaction, { served }: Call, object: JsonObject): void => {
  const { namespace, name } = metaOf(object)
  if (!namespace) return
  const stored = tx.get('namespaces', namespace)
  if (!stored) throw notFound({ group: '', plural: 'namespaces' }, namespace)
  if (stored.text.includes('"deletionTimestamp"') && metaOf(JSON.parse(stored.text) as JsonObject).deletionTimestamp) {
    throw forbidden(
      served.resource,
      name ?? '',
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    )
  }
}

/** Namespaces that the server itself needs. */
const LASTING_NAMESPACES = new Set(['default', 'kube-system', 'kube-public'])

export const admitDelete = ({ served }: Pick<Call, 'served'>, object: JsonObject): void => {
  const { name = '' } = metaOf(object)
  if (served.resource.storage === 'namespaces' && LASTING_NAMESPACES.has(name)) {
    throw forbidden(served.resource, name, 'this namespace may not be deleted')
  }
}
