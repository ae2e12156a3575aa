import type { ApiResponse } from '../api.ts'
import { managerOf } from '../apply/update.ts'
import type { Call } from '../call.ts'
import { notFound } from '../http/status.ts'
import { badRequest } from '../schema/faults.ts'
import { answerWritten } from './answer.ts'
import { decodeBody } from './decode.ts'
import { writeOptions } from './options.ts'
import { checkName, createObject, liveObject, settleNamespace, settleNew, updateObject } from './persist.ts'

export const update = async (call: Call): Promise<ApiResponse> => {
  const { resource } = call.served
  const options = writeOptions(call.query, 'UpdateOptions')
  if (call.name === '') throw badRequest('name must be provided')
  const object = decodeBody(call, options)
  checkName(call, object)
  settleNamespace(call, object)
  const manager = managerOf(options.fieldManager, call.headers['user-agent'])
  const writing = { dryRun: options.dryRun, manager, uidIsPrecondition: true }
  return call.backend.store.write((tx) => {
    const live = liveObject(tx, call, call.name)
    if (live) return answerWritten(call, 200, updateObject(tx, call, live.stored, live.object, object, writing))
    if (!resource.rules.createOnUpdate || call.subresource) throw notFound(resource, call.name)
    call.authorizeCreate()
    settleNew(call, object)
    return answerWritten(call, 201, createObject(tx, call, object, writing))
  })
}
