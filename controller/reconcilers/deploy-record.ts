import type Type from 'typebox'
import type { Static } from 'typebox'
import type { deployStatus } from '../api/v1alpha1/deploy-status.ts'
import { kubeTime } from '../status/conditions.ts'
import type { DeployRequest } from './deploy-request.ts'
import { mergeParents } from './deploy-trigger.ts'

/** How a deploy is written down in status: begun, gone through, or failed. Each changes the fields it is given. */
export type DeployFields = Static<Type.TObject<typeof deployStatus>>

export interface Failure {
  /** CamelCase. */
  reason: string
  message: string
}

/** True when this hash was not under way before: the time to tell people. */
export function recordStart(
  fields: DeployFields,
  { hash, reason, nowMs, request }: { hash: string; reason: string; nowMs: number; request: DeployRequest },
): boolean {
  const isNew = fields.rollout?.hash !== hash
  if (isNew) {
    const asked = request.asked === undefined ? {} : { asked: true }
    fields.rollout = { hash, reason, startedAt: kubeTime(new Date(nowMs)), ...asked }
  }
  if (request.trigger.token !== '') fields.deployToken = request.trigger.token
  if (request.parents.length > 0) fields.parents = [...request.parents]
  else delete fields.parents
  if (request.asked !== undefined) fields.lastHandledDeployAt = request.asked
  recordChangesRequest(fields, request)
  return isNew
}

export function recordSuccess(fields: DeployFields, hash: string, nowMs: number): void {
  const reason = fields.rollout?.reason
  fields.lastDeploy = { at: kubeTime(new Date(nowMs)), ...(reason === undefined ? {} : { reason }), succeeded: true }
  fields.deployedHash = hash
  delete fields.rollout
  delete fields.failedHash
}

/** @returns the failure as it stands in status: what the condition has to say now and later */
export function recordFailure(fields: DeployFields, hash: string, failure: Failure, nowMs: number): Failure {
  const reason = fields.rollout?.reason
  const shown = { reason: failure.reason, message: cut(failure.message) }
  fields.lastDeploy = {
    at: kubeTime(new Date(nowMs)),
    ...(reason === undefined ? {} : { reason }),
    succeeded: false,
    failure: shown,
  }
  fields.failedHash = hash
  delete fields.rollout
  return shown
}

/** While nothing is to do: so it is for who asked for changes; parents that are new in `after` are remembered, those that left are forgotten. */
export function recordNothingToDo(fields: DeployFields, request: DeployRequest): void {
  recordChangesRequest(fields, request)
  const parents = mergeParents(fields.parents ?? [], request.parents)
  if (parents.length > 0) fields.parents = [...parents]
  else delete fields.parents
}

function recordChangesRequest(fields: DeployFields, { askedForChanges }: DeployRequest): void {
  if (askedForChanges !== undefined) fields.lastHandledDeployChangesAt = askedForChanges
}

/** A container may log lines of any length. */
const LONGEST_MESSAGE = 4_000

const cut = (message: string): string =>
  message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE - 1)}…`
