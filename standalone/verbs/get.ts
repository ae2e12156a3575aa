import type { ApiResponse } from '../api.ts'
import type { Call } from '../call.ts'
import { notFound } from '../http/status.ts'
import { pathOf } from '../object.ts'
import { servedText } from '../registry/codec.ts'
import { answerObjectText } from './answer.ts'
import { checkReadVersion } from './resource-version.ts'

export const getObject = (call: Call): ApiResponse => {
  const { served, backend } = call
  checkReadVersion(call)
  const stored = backend.store.get(served.resource.storage, pathOf(call.namespace, call.name))
  if (!stored) throw notFound(served.resource, call.name)
  return answerObjectText(call, 200, servedText(served, stored))
}
