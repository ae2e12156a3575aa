import type { CommonStatus, KubeObject, ObjectKey, ResourceType } from '../api/meta.ts'
import type { StatusDraft } from '../status/draft.ts'
import type { Logger } from './logger.ts'

/**
 * What a kind brings to the frame. It looks, decides and acts; it never catches, retries, sleeps or writes to the Kubernetes
 * API for its own object: the frame does that.
 */
export interface Reconciler<T extends KubeObject<unknown, CommonStatus>> {
  readonly type: ResourceType
  /** The conditions `Ready` is derived from, in the order in which they are reported. */
  readonly owns: readonly string[]
  /** Changes of other objects or of the world that concern this kind. */
  readonly wakeOn: readonly Wake[]
  /** How many objects are worked on at a time. */
  readonly workers?: number
  /** A pass is aborted after so long. */
  readonly timeoutMs?: number
  /**
   * The bulkhead of an object, for example its host: passes of one lane never occupy more than `laneWorkers` workers, so that a
   * slow host cannot hold up the others. Asked when the object is about to be worked on.
   */
  readonly lane?: (object: Readonly<T>) => string | undefined
  readonly laneWorkers?: number

  reconcile(object: Readonly<T>, pass: Pass<T>): Promise<Recheck>

  /** Removes what the object made in the world. Idempotent: what is gone counts as removed. A throw keeps the finalizer. */
  finalize?(object: Readonly<T>, pass: Pass<T>): Promise<void>
}

/** When to look again if nothing wakes the object before. `undefined`: never by itself. */
export interface Recheck {
  afterMs?: number
}

/** Starts a source of wake-ups; `enqueue` may be called with any key, also one that does not exist. */
export type Wake = (enqueue: (key: ObjectKey) => void, signal: AbortSignal) => void

export interface Pass<T extends KubeObject<unknown, CommonStatus>> {
  /** Aborted at the deadline and at shutdown. */
  readonly signal: AbortSignal
  readonly status: StatusDraft<T>
  /** Lines carry the kind, namespace, name and reconcileID; secrets that were given to `redact` are scrubbed. */
  readonly log: Logger
  /** An event on the object, or on another one that it is about (`kubectl describe` shows it). Secrets that were given to `redact` never show. */
  event(type: 'Normal' | 'Warning', reason: string, message: string, about?: Readonly<KubeObject>): void
  /** Values that must not appear in anything this pass reports. */
  redact(secrets: Iterable<string>): void
  /** The text without them, for whoever shows but a part of it: half of a secret would not be found. */
  redacted(text: string): string
  /**
   * Writes `status.fields` as they stand, before an act that whoever comes after a crash must know of. Rejects, and the pass ends, when
   * the object is gone: nothing must be made for it any more.
   */
  save(): Promise<void>
}
