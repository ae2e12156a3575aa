import { type CommonStatus, conditionOf, type KubeObject, parseKey } from '../api/meta.ts'
import { ApiError, type KubeClient } from '../kube/client.ts'
import { concludeStatus, concludeSuspended } from '../status/conclude.ts'
import { PassStatus } from '../status/draft.ts'
import { patchStatus } from '../status/patch.ts'
import type { Clock } from './clock.ts'
import type { EventSink } from './events.ts'
import { addFinalizer, hasFinalizer, removeFinalizer } from './finalizers.ts'
import { isFit, requireFit } from './fit.ts'
import { linkedAbort } from './linked-abort.ts'
import type { Logger } from './logger.ts'
import { withFields } from './logger.ts'
import type { ObjectStore } from './object-store.ts'
import type { Outcome } from './outcome.ts'
import { outcomeOfError, outcomeOfSuccess } from './outcome.ts'
import type { Pass, Recheck, Reconciler } from './reconciler.ts'
import { Redactor } from './redactor.ts'
import type { PassResult } from './work-queue.ts'

type Reconciled = KubeObject<unknown, CommonStatus>

export interface FrameOptions<T extends Reconciled> {
  reconciler: Reconciler<T>
  client: KubeClient
  store: ObjectStore<T>
  events: EventSink
  logger: Logger
  clock: Clock
  /** [0, 1) */
  random: () => number
  /** Of one pass, for its log lines. */
  newReconcileId: () => string
  observer?: FrameObserver
}

/** For metrics. */
export interface FrameObserver {
  passStarted(): void
  passEnded(outcome: Pick<Outcome, 'kind' | 'metric' | 'panic'>, durationMs: number, timedOut: boolean): void
}

const DEFAULT_TIMEOUT_MS = 10 * 60_000
/** Rechecks are spread by this share either way, so that what began together does not stay together. */
const RECHECK_JITTER = 0.1

/**
 * One pass over one object, the same for every kind: gone means done; a deletion is finalized, and only its success removes the
 * finalizer; a suspended object is left alone; otherwise the reconciler runs under a deadline. Whatever happens becomes one
 * outcome (`outcome.ts`), one status (`status/conclude.ts`) and at most one status write at the end.
 */
export class Frame<T extends Reconciled> {
  readonly #options: FrameOptions<T>

  constructor(options: FrameOptions<T>) {
    this.#options = options
  }

  /** Never rejects. */
  async run(keyText: string, signal: AbortSignal): Promise<PassResult> {
    const { store, clock, observer, reconciler, newReconcileId } = this.#options
    const object = store.get(parseKey(keyText))
    if (object === undefined) return { outcome: 'settled' }
    const { namespace, name } = object.metadata
    const reconcileID = newReconcileId()
    const logger = withFields(this.#options.logger, { kind: reconciler.type.kind, namespace, name, reconcileID })
    const startedAt = clock.now()
    observer?.passStarted()
    const deadline = this.#deadline(signal)
    const redactor = new Redactor()
    let outcome: Outcome
    try {
      outcome = await this.#pass(object, { logger, redactor, deadline, stop: signal })
    } catch (error) {
      outcome = outcomeOfError(error, deadline.ended())
      this.#log(logger, outcome, error, redactor)
    } finally {
      deadline.release()
    }
    observer?.passEnded(outcome, clock.now() - startedAt, deadline.ended().timedOutAfterMs !== undefined)
    return this.#spread(outcome.result)
  }

  async #pass(snapshot: Readonly<T>, context: Context): Promise<Outcome> {
    const { reconciler, client, store, clock } = this.#options
    const { deadline, stop } = context
    const deleting = snapshot.metadata.deletionTimestamp !== undefined
    if (deleting && (reconciler.finalize === undefined || !hasFinalizer(snapshot))) return outcomeOfSuccess({})
    if (!deleting && isSuspended(snapshot)) {
      await this.#writeStatus(
        snapshot,
        concludeSuspended(snapshot, new PassStatus<T>(snapshot.status), new Date(clock.now())),
        stop,
      )
      return outcomeOfSuccess({})
    }

    let object = snapshot
    if (!deleting && reconciler.finalize !== undefined && !hasFinalizer(object) && isFit(object)) {
      const marked = await addFinalizer(client, reconciler.type, object, deadline.signal)
      if (marked === undefined || marked.metadata.deletionTimestamp !== undefined) return outcomeOfSuccess({})
      store.wroteThrough(marked)
      object = store.get(marked.metadata) ?? marked
    }

    const draft = new PassStatus<T>(object.status)
    let saved = object
    const save = async (): Promise<void> => {
      saved = await this.#save(saved, context.redactor.messages(draft.fields), deadline.signal)
    }
    const pass = this.#passFor(object, draft, save, context)
    let outcome: Outcome
    let thrown: unknown
    try {
      outcome = outcomeOfSuccess(await this.#work(object, pass, deleting))
    } catch (error) {
      thrown = error
      outcome = outcomeOfError(error, deadline.ended())
    }
    if (deleting && outcome.kind === 'done') {
      const released = await removeFinalizer(client, reconciler.type, object, stop)
      if (released !== undefined) store.wroteThrough(released)
      return outcome
    }
    if (outcome.kind !== 'stopped' && outcome.kind !== 'conflict') {
      const { redactor } = context
      const hide = (message: string): string => redactor.text(message)
      const status = redactor.messages(
        concludeStatus(object, draft, outcome, reconciler.owns, new Date(clock.now()), hide),
      )
      this.#tell(object, outcome, context.redactor)
      await this.#writeStatus(saved, status, stop)
    }
    const isOld = outcome.kind === 'stalled' && outcome.failure !== undefined && !isNews(object, outcome.failure)
    this.#log(context.logger, isOld ? { ...outcome, log: 'debug' } : outcome, thrown, context.redactor)
    return outcome
  }

  async #work(object: Readonly<T>, pass: Pass<T>, deleting: boolean): Promise<Recheck> {
    const { reconciler } = this.#options
    requireFit(object)
    if (!deleting) return reconciler.reconcile(object, pass)
    await reconciler.finalize?.(object, pass)
    return {}
  }

  async #writeStatus(object: Readonly<T>, status: CommonStatus, signal: AbortSignal): Promise<T | undefined> {
    const { client, reconciler, store } = this.#options
    const written = await patchStatus<T>(client, reconciler.type, object, status, signal)
    if (written !== undefined) store.wroteThrough(written)
    return written
  }

  async #save(object: Readonly<T>, fields: CommonStatus, signal: AbortSignal): Promise<Readonly<T>> {
    const written = await this.#writeStatus(object, fields, signal)
    if (written !== undefined) return written
    throw new ApiError({ code: 409, reason: 'Conflict', message: 'the object is gone' })
  }

  #passFor(
    object: Readonly<T>,
    draft: PassStatus<T>,
    save: () => Promise<void>,
    { logger, redactor, deadline }: Context,
  ): Pass<T> {
    const scrubbed =
      (level: 'debug' | 'info' | 'warn' | 'error') => (fields: Record<string, unknown>, message: string) =>
        logger[level](redactor.value(fields), redactor.text(message))
    return {
      signal: deadline.signal,
      status: draft,
      log: { debug: scrubbed('debug'), info: scrubbed('info'), warn: scrubbed('warn'), error: scrubbed('error') },
      event: (type, reason, message, about = object) =>
        this.#options.events.record(about, type, reason, redactor.text(message)),
      redact: (secrets) => redactor.add(secrets),
      redacted: (text) => redactor.text(text),
      save,
    }
  }

  #tell(object: Readonly<T>, { event, failure, kind }: Outcome, redactor: Redactor): void {
    if (event === undefined || failure === undefined) return
    // What only a human can change is told once, not whenever something else wakes the object.
    if ((event === 'Warning' && kind !== 'stalled') || isNews(object, failure)) {
      this.#options.events.record(object, event, failure.reason, redactor.text(failure.message))
    }
  }

  #log(logger: Logger, { kind, log, failure, panic }: Outcome, thrown: unknown, redactor: Redactor): void {
    if (kind === 'done') {
      logger.debug({}, 'reconciled')
      return
    }
    // A stack only helps where nobody foresaw the error.
    const stack = log === 'error' && thrown instanceof Error ? { stack: redactor.text(thrown.stack ?? '') } : {}
    const cause = failure?.message ?? (thrown instanceof Error ? thrown.message : '')
    logger[log]({ outcome: kind, reason: failure?.reason, panic: panic || undefined, ...stack }, redactor.text(cause))
  }

  #deadline(outer: AbortSignal): PassDeadline {
    const timeoutMs = this.#options.reconciler.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const { controller, release } = linkedAbort(outer)
    let timedOut = false
    const cancel = this.#options.clock.setTimer(() => {
      timedOut = true
      controller.abort(new Error(`the pass took longer than ${Math.round(timeoutMs / 1000)} s`))
    }, timeoutMs)
    return {
      signal: controller.signal,
      ended: () => ({ stopped: outer.aborted, timedOutAfterMs: timedOut ? timeoutMs : undefined }),
      release: () => {
        cancel()
        release()
      },
    }
  }

  #spread(result: PassResult): PassResult {
    if (result.outcome === 'failed' || result.afterMs === undefined) return result
    const factor = 1 + RECHECK_JITTER * (2 * this.#options.random() - 1)
    return { outcome: 'settled', afterMs: result.afterMs * factor }
  }
}

/** Status does not say so yet. */
const isNews = (object: Readonly<Reconciled>, failure: NonNullable<Outcome['failure']>): boolean => {
  const before = conditionOf(object, failure.condition ?? 'Ready')
  return (
    before?.status !== 'False' ||
    before.reason !== failure.reason ||
    before.observedGeneration !== object.metadata.generation
  )
}

interface PassDeadline {
  signal: AbortSignal
  ended: () => { stopped: boolean; timedOutAfterMs?: number }
  release: () => void
}

interface Context {
  logger: Logger
  redactor: Redactor
  deadline: PassDeadline
  /** Of the process: writes of what a pass concluded outlive the pass's own deadline. */
  stop: AbortSignal
}

const isSuspended = (object: Readonly<Reconciled>): boolean => {
  const spec = object.spec as { operator?: { suspend?: unknown } } | undefined
  return spec?.operator?.suspend === true
}
