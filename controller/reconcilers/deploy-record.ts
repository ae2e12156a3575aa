import type Type from 'typebox'
import type { Static } from 'typebox'
import type { deployStatus } from '../api/v1alpha1/deploy-status.ts'
import type { DeployRequest } from './deploy-request.ts'
import { mergeParents } from './deploy-trigger.ts'

/** How a deploy is written down in status: begun, gone through, or failed. Each changes the fields it is given. */
export type DeployFields = Static<Type.TObject<typeof deployStatus>>

/** True when this hash was not under way before: the time to tell people. */
export function recordStart(
  fields: DeployFields,
  { hash, reason, nowMs, request }: { hash: string; reason: string; nowMs: number; request: DeployRequest },
): boolean {
  const isNew = fields.rollout?.hash !== hash
  if (isNew) fields.rollout = { hash, reason, startedAt: kubeTime(nowMs) }
  if (request.trigger.token !== '') fields.deployToken = request.trigger.token
  fields.parents = [...request.parents]
  if (request.asked !== undefined) fields.lastHandledDeployAt = request.asked
  return isNew
}

export function recordSuccess(fields: DeployFields, hash: string, nowMs: number): void {
  const reason = fields.rollout?.reason
  fields.lastDeploy = { at: kubeTime(nowMs), ...(reason === undefined ? {} : { reason }), succeeded: true }
  fields.deployedHash = hash
  delete fields.rollout
  delete fields.failedHash
}

export function recordFailure(
  fields: DeployFields,
  hash: string,
  failure: { reason: string; message: string },
  nowMs: number,
): void {
  const reason = fields.rollout?.reason
  fields.lastDeploy = { at: kubeTime(nowMs), ...(reason === undefined ? {} : { reason }), succeeded: false, failure }
  fields.failedHash = hash
  delete fields.rollout
}

/** While nothing is to do: parents that are new in `after` are remembered, those that left are forgotten. */
export function recordParents(fields: DeployFields, request: DeployRequest): void {
  const parents = mergeParents(fields.parents ?? [], request.parents)
  if (parents.length > 0) fields.parents = [...parents]
  else delete fields.parents
}

/** meta/v1 Time: whole seconds. */
const kubeTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
