import type { KubeObject } from '../api/meta.ts'
import { annotation } from '../api/names.ts'
import type { AfterRelations, Deployable } from './after/relations.ts'
import { type ParentHash, type Trigger, triggerOf } from './deploy-trigger.ts'
import type { Digest } from './digest.ts'

/** Whether and why a Deployment or Stack may be touched now. */
export interface DeployRequest {
  /** `deploy = true`, or somebody asked, or a deploy is under way that is to be finished. */
  mayAct: boolean
  /** Value of the annotation that is not handled yet. */
  asked: string | undefined
  /** Value of the annotation that asks for what changed only, not handled yet. */
  askedForChanges: string | undefined
  trigger: Trigger
  /** What the parents have deployed now. */
  parents: readonly ParentHash[]
}

export function deployRequest(object: Readonly<Deployable>, relations: AfterRelations, digest: Digest): DeployRequest {
  const { spec, status } = object
  const asked = unhandledRequest(object)
  const askedForChanges = unhandledChangesRequest(object)
  const parents = relations
    .parentsOf(object)
    .flatMap(({ objects }) =>
      objects.flatMap(({ kind, metadata, status: parent }) =>
        parent?.deployedHash === undefined ? [] : { kind, name: metadata.name, hash: parent.deployedHash },
      ),
    )
  return {
    mayAct: spec.deploy || asked !== undefined || askedForChanges !== undefined || status?.rollout !== undefined,
    asked,
    askedForChanges,
    // Without `deploy = true` a parent's deploy asks for nothing.
    trigger: triggerOf(
      {
        token: status?.deployToken ?? '',
        ...(asked === undefined ? {} : { asked }),
        recorded: status?.parents ?? [],
        current: spec.deploy ? parents : [],
      },
      digest,
    ),
    parents,
  }
}

/** The value of the annotation that asks for a deploy, unless it was acted on before. */
export function unhandledRequest(
  object: Readonly<KubeObject<unknown, { lastHandledDeployAt?: string }>>,
): string | undefined {
  const value = object.metadata.annotations?.[annotation.deployRequestedAt]
  return value === object.status?.lastHandledDeployAt ? undefined : value
}

function unhandledChangesRequest({ metadata, status }: Readonly<Deployable>): string | undefined {
  const value = metadata.annotations?.[annotation.deployChangesRequestedAt]
  return value === status?.lastHandledDeployChangesAt ? undefined : value
}

/** Ends messages about objects with `deploy = false`. */
export const HOW_TO_ASK = 'set `deploy = true`, or ask once with `komodo deploy`'
