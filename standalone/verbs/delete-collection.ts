import type { ApiResponse } from '../api.ts'
import type { Call } from '../call.ts'
import { answerText } from '../http/negotiate.ts'
import { itemText } from '../registry/codec.ts'
import { deleteLive } from './delete.ts'
import { deleteOptions } from './delete-options.ts'
import { selectAll } from './list.ts'
import { integerParameter } from './options.ts'

/** Deletes what a list with the same query would show, in one transaction. Answers the objects as they were before. */
export const deleteCollection = async (call: Call): Promise<ApiResponse> => {
  const { served, backend } = call
  const options = deleteOptions(call)
  integerParameter(call.query, 'limit')
  const deleted = await backend.store.write((tx) => {
    const selected = selectAll(call, (prefix) => tx.list(served.resource.storage, { prefix }))
    for (const { stored, object } of selected) deleteLive(tx, call, stored, object, options)
    return selected
  })
  const empty = served.resource.custom ? { continue: '' } : {}
  const head = {
    kind: served.resource.listKind,
    apiVersion: served.apiVersion,
    metadata: { ...empty, resourceVersion: String(backend.store.revision) },
  }
  const items = deleted.map(({ stored }) => itemText(served, stored)).join(',')
  return answerText(200, `${JSON.stringify(head).slice(0, -1)},"items":[${items}]}`, call.representation, call.warnings)
}
