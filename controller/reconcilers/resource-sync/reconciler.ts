import { parseDuration } from '../../api/duration.ts'
import { apiVersionOf, type KubeObject, keyText, type OwnerReference } from '../../api/meta.ts'
import { annotation } from '../../api/names.ts'
import type { PlanApproval } from '../../api/v1alpha1/plan-approval.ts'
import {
  resourceSyncCondition as condition,
  type ResourceSync,
  resourceSyncKind,
} from '../../api/v1alpha1/resource-sync.ts'
import type { Clock } from '../../engine/clock.ts'
import { TransientError } from '../../engine/errors.ts'
import type { Lister } from '../../engine/lister.ts'
import type { Recheck, Reconciler, Wake } from '../../engine/reconciler.ts'
import { whenChanged } from '../../engine/wake.ts'
import type { KubeClient } from '../../kube/client.ts'
import { kubeTime } from '../../status/conditions.ts'
import { stoppedState } from '../../sync/deploys.ts'
import { filesDigest } from '../../sync/files-digest.ts'
import { readInventory } from '../../sync/inventory.ts'
import { planSync } from '../../sync/plan.ts'
import type { PlanStoreContext } from '../../sync/stored-plans.ts'
import type { ManagedInput, SyncPlan } from '../../sync/sync-plan.ts'
import type { SecretReader } from '../secrets.ts'
import { indexLinkedRepo, whenLinkedRepoChanges } from '../source/linked-repo.ts'
import { isOpen } from './approval.ts'
import { managedInput, reportInStep, waitsForReview } from './carry-back.ts'
import { carryOut } from './carry-out.ts'
import { concernsOf, conflictsOf, ownerOf } from './change-log.ts'
import { contentsOf, digestOfAll, readDeclared } from './declared.ts'
import { gather } from './gather.ts'
import { LiveChanges } from './live-changes.ts'
import { BY_SYNC, countReady, hasStopped, reportDeclared, reportInForce, reportPlan, shortRevision } from './report.ts'
import { openSource, rethrowSource, type SourceDeps } from './source.ts'

export interface ResourceSyncDeps extends SourceDeps {
  client: KubeClient
  approvals: Lister<PlanApproval>
  /** Of all kinds that a sync can apply, and of Secrets: a change of one of them is looked at at once. */
  live: ReadonlyMap<string, Lister<KubeObject>>
  /** Of the installation; names secret values in digests. */
  digestKey: Uint8Array
  /** For the identities that open encrypted files. */
  secrets: SecretReader
  clock: Clock
}

/** How soon to look whether what is deleted is gone. Its going also wakes the sync. */
const DELETION_RECHECK_MS = 2_000

/** How soon to look at a source that was written, or that somebody else changed meanwhile. */
const AGAIN_MS = 20
/** Races that may be lost in a row before it is told as a failure, and backed off. */
const MOST_RACES = 10

/** What the last pass of a sync found in order, so that the next one need not look at every object again. */
interface Settled {
  revision: string
  generation: number | undefined
  version: number
  /** What must have changed for the next pass to look; nothing: anything. */
  concerns: ReadonlySet<string> | undefined
  /** Of what is declared, where no more than that was behind the plan: another revision of the same is as good. */
  contents: string | undefined
  /** See status. */
  filesDigest: string | undefined
}

/**
 * Keeps the objects that a source declares equal to it. Writes those objects, their Secrets, its inventory and its Plans; nothing
 * on any host.
 */
export function resourceSyncReconciler(deps: ResourceSyncDeps): Reconciler<ResourceSync> {
  const { clock, approvals, live } = deps
  const changes = new LiveChanges([...live.values()])
  const settled = new Map<string, Settled>()
  const races = new Map<string, number>()
  const users = [...loginUsers(deps), ...repoUsers(deps), ...claimants(deps), ...keepersOfStopped(deps)]
  approvals.addIndex(OPEN_OF_SYNC, (approval) =>
    isOpen(approval) ? [keyText({ namespace: approval.metadata.namespace, name: approval.spec.sync })] : [],
  )
  for (const lister of live.values()) {
    lister.addIndex(BY_SYNC, ({ metadata }) => present(metadata.annotations?.[annotation.sync]))
  }

  return {
    type: resourceSyncKind,
    owns: [condition.sourceReady, condition.valid, condition.approved, condition.applied],
    wakeOn: [
      changes.wake,
      ...decryptionUsers(deps),
      ...users,
      whenChanged(approvals, ({ metadata: { namespace }, spec }) => [
        { ...(namespace === undefined ? {} : { namespace }), name: spec.sync },
      ]),
    ],
    workers: 4,

    async reconcile(sync, pass) {
      const { signal, status } = pass
      const { uid = '', generation, namespace = '' } = sync.metadata
      const recheck: Recheck = { afterMs: parseDuration(sync.spec.operator.interval) }
      const version = changes.version(namespace)
      // Whatever goes wrong from here on, it is no longer known that all is as declared.
      delete status.fields.filesDigest
      const settle = (found: Settled): void => {
        settled.set(uid, found)
        countReady(sync, live, status.fields)
        const digest = found.filesDigest
        if (digest !== undefined && !hasStopped(sync, live)) status.fields.filesDigest = digest
      }

      const source = await openSource(sync, deps, signal, (secrets) => pass.redact(secrets))
      const { revision, message } = source
      Object.assign(status.fields, { source: source.description, revision, message })
      status.markTrue(condition.sourceReady, 'Read', `read ${source.description} at ${shortRevision(revision)}`)
      const last = settled.get(uid)
      // Somebody waits for an answer, and what is approved of no plan must not be found approved by a later one.
      const isAsked = approvals.byIndex(OPEN_OF_SYNC, keyText(sync.metadata)).length > 0
      const isSame = last !== undefined && last.generation === generation
      const isQuiet = isSame && !isAsked && !changes.concern(namespace, last.version, last.concerns)
      if (isQuiet && last.revision === revision) {
        settle({ ...last, version })
        return recheck
      }
      settled.delete(uid)

      const declared = await readDeclared(sync, source, deps.secrets, signal).catch(rethrowSource)
      if (!reportDeclared(declared, revision, pass, sync)) return recheck
      const contents = contentsOf(declared)
      if (isQuiet && last.contents === contents) {
        // Comments may have changed.
        const digest = last.filesDigest && filesDigest(declared.files.files)
        settle({ ...last, revision, version, filesDigest: digest })
        reportInForce(revision, pass, sync)
        return recheck
      }
      pass.redact(declared.declarations.flatMap((one) => Object.values(one.secrets)))

      const context = contextOf(sync, deps, kubeTime(new Date(clock.now())), signal)
      const inventory = await readInventory(context)
      const managed = managedInput(sync, source, declared, changes.deletedOf(keyText(sync.metadata)))
      const input = await gather(sync, declared, inventory.objects, { ...deps, signal, managed })
      const now = clock.now()
      let plan = planSync(input)
      changes.keepDeleted(keyText(sync.metadata), stillToRemove(plan))
      if (await waitsForReview({ sync, source, declared, plan, input, pass, now }).catch(rethrowSource)) {
        plan = planSync({ ...input, managed: { ...(managed as ManagedInput), onReview: true } })
      } else if (plan.writeBacks.length === 0) reportInStep(sync, pass)
      changes.expectDeleted(plan.changes.flatMap((change) => (change.action === 'delete' ? change.uid : [])))
      reportPlan(plan, declared, pass)
      const carriedOut = await carryOut({
        sync,
        source,
        declared,
        plan,
        input,
        revision,
        inventory,
        context,
        pass,
        now,
      })
      if (carriedOut === 'pending') return recheck
      // What was not approved is another plan now, and nothing of it is approved yet.
      if (carriedOut === 'part') return { afterMs: AGAIN_MS }
      if (carriedOut === 'moved') return lostRace(races, uid)
      races.delete(uid)
      // What was written is another revision.
      if (plan.writeBacks.length > 0 || carriedOut.outdated.length > 0) return { afterMs: AGAIN_MS }
      if (carriedOut.awaiting.length > 0) return { afterMs: DELETION_RECHECK_MS }

      if (!isInOrder(plan)) countReady(sync, live, status.fields)
      else {
        // What waits for others, or is written back, may depend on anything.
        const isAlone = plan.problems.length === 0 && plan.conflicts.length === 0 && !sync.spec.managed
        const concerns = isAlone ? concernsOf(sync, declared.declarations, plan.inventory) : undefined
        const isWhole = isAlone && plan.withheld === undefined
        settle({
          revision,
          generation,
          version,
          concerns,
          contents: isWhole ? contents : undefined,
          filesDigest: isWhole ? digestOfAll(declared, input.scope) : undefined,
        })
      }
      return recheck
    },
  }
}

const OPEN_OF_SYNC = 'open-approvals-of-sync'

/** What another sync gives up, or is gone with, wakes those that declare it too and left it to that one. */
function claimants({ live }: Pick<ResourceSyncDeps, 'live'>): Wake[] {
  const syncs = live.get(resourceSyncKind.kind) as Lister<ResourceSync> | undefined
  if (syncs === undefined) return []
  syncs.addIndex(BY_CONFLICT, (sync) => {
    const { namespace = '' } = sync.metadata
    const conflicts = conflictsOf(sync)
    if (!Array.isArray(conflicts)) return []
    // A list that is cut may mean any object.
    return ['', ...conflicts].map((key: string) => `${namespace}/${key.startsWith('... ') ? ANY : key}`)
  })
  const wake: Wake = (enqueue, signal) => {
    for (const lister of live.values()) {
      lister.onChange(({ before, after }) => {
        if (before === undefined || (after !== undefined && ownerOf(after) === ownerOf(before))) return
        const { namespace = '', name } = before.metadata
        const wanted = before.kind === resourceSyncKind.kind ? '' : `${before.kind}/${name}`
        for (const key of [wanted, ANY]) {
          for (const { metadata } of syncs.byIndex(BY_CONFLICT, `${namespace}/${key}`)) enqueue(metadata)
        }
      }, signal)
    }
  }
  return [wake]
}

/** What stops wakes the sync that says of its files that there is nothing to do: a plan would deploy it. */
function keepersOfStopped({ live }: Pick<ResourceSyncDeps, 'live'>): Wake[] {
  const syncs = live.get(resourceSyncKind.kind) as Lister<ResourceSync> | undefined
  if (syncs === undefined) return []
  const wake: Wake = (enqueue, signal) => {
    for (const lister of live.values()) {
      lister.onChange(({ before, after }) => {
        if (after === undefined || stoppedState(after) === undefined || stoppedState(before) !== undefined) return
        const [namespace = '', name = ''] = ownerOf(after)?.split('/') ?? []
        if (syncs.get({ namespace, name })?.status?.filesDigest !== undefined) enqueue({ namespace, name })
      }, signal)
    }
  }
  return [wake]
}

const BY_CONFLICT = 'conflicts-of-sync'
const ANY = '...'

/** An account or Secret that appears or changes wakes the syncs that log in with it. */
function loginUsers({ live, access }: Pick<ResourceSyncDeps, 'live' | 'access'>): Wake[] {
  const syncs = live.get(resourceSyncKind.kind) as Lister<ResourceSync> | undefined
  return syncs === undefined ? [] : [access.wake(syncs, ({ spec }) => spec)]
}

/** A Secret with identities that appears or changes wakes the syncs that decrypt with it. */
function decryptionUsers({ live, secrets }: Pick<ResourceSyncDeps, 'live' | 'secrets'>): Wake[] {
  const syncs = live.get(resourceSyncKind.kind) as Lister<ResourceSync> | undefined
  if (syncs === undefined) return []
  syncs.addIndex(BY_IDENTITIES, ({ metadata: { namespace }, spec }) =>
    present(spec.operator.decryption?.secret).map((name) => keyText({ namespace, name })),
  )
  const wake: Wake = (enqueue, signal) =>
    secrets.onChange((namespace, name) => {
      for (const { metadata } of syncs.byIndex(BY_IDENTITIES, keyText({ namespace, name }))) enqueue(metadata)
    }, signal)
  return [wake]
}

const BY_IDENTITIES = 'identities-of-sync'

/** A Repo that appears or changes wakes the syncs that link it. */
function repoUsers({ live, repos }: Pick<ResourceSyncDeps, 'live' | 'repos'>): Wake[] {
  const syncs = live.get(resourceSyncKind.kind) as Lister<ResourceSync> | undefined
  if (syncs === undefined) return []
  indexLinkedRepo(syncs, ({ spec }) => spec.linkedRepo)
  return [whenLinkedRepoChanges(repos, syncs)]
}

const present = (value: string | undefined): string[] => (value === undefined ? [] : [value])

/** Somebody else pushed between the look at the source and our push: all is looked at anew. */
function lostRace(races: Map<string, number>, uid: string): Recheck {
  const lost = (races.get(uid) ?? 0) + 1
  races.set(uid, lost)
  if (lost < MOST_RACES) return { afterMs: AGAIN_MS * 2 ** Math.min(lost, 6) }
  const message = `somebody else changed the source before each of ${lost} tries to write to it; it is tried again`
  throw new TransientError(condition.writtenBack, 'BranchMoved', message)
}

/** `Kind/objectName` of deleted objects whose blocks are still in the files. */
const stillToRemove = ({ writeBacks }: SyncPlan): ReadonlySet<string> =>
  new Set(writeBacks.flatMap((one) => (one.sort === 'remove' ? `${one.kind.definition.kind}/${one.objectName}` : [])))

const isInOrder = (plan: SyncPlan): boolean =>
  plan.changes.length === 0 &&
  plan.writeBacks.length === 0 &&
  plan.deleting.size === 0 &&
  !plan.problems.some(({ reason }) => reason === 'BeingDeleted')

function contextOf(
  sync: Readonly<ResourceSync>,
  { client }: ResourceSyncDeps,
  now: string,
  signal: AbortSignal,
): PlanStoreContext {
  const { name, namespace = '', uid = '' } = sync.metadata
  const owner: OwnerReference = { apiVersion: apiVersionOf(resourceSyncKind), kind: resourceSyncKind.kind, name, uid }
  return { client, namespace, sync: name, owner, now, signal }
}
