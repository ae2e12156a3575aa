import type { ApiResponse } from '../api.ts'
import { managerOf } from '../apply/update.ts'
import type { Call } from '../call.ts'
import { answerWritten } from './answer.ts'
import { decodeBody } from './decode.ts'
import { writeOptions } from './options.ts'
import { createObject, refuseVersion, settleNamespace, settleNew } from './persist.ts'

export const create = async (call: Call): Promise<ApiResponse> => {
  const options = writeOptions(call.query, 'CreateOptions')
  const object = decodeBody(call, options)
  settleNamespace(call, object)
  refuseVersion(object)
  settleNew(call, object)
  const manager = managerOf(options.fieldManager, call.headers['user-agent'])
  const created = await call.backend.store.write((tx) =>
    createObject(tx, call, object, { dryRun: options.dryRun, manager }),
  )
  return answerWritten(call, 201, created)
}
