import type { CommonStatus, Condition, KubeObject } from '../api/meta.ts'
import type { ConditionDraft } from './conditions.ts'

/** The status that the pass concludes; written once at its end, as a diff. */
export interface StatusDraft<T extends KubeObject<unknown, CommonStatus>> {
  /** Free to change, except `conditions`, `observedGeneration` and `lastHandledReconcileAt`, which belong to the frame. */
  readonly fields: NonNullable<T['status']>
  markTrue(condition: string, reason: string, message: string): void
  markFalse(condition: string, reason: string, message: string): void
  markUnknown(condition: string, reason: string, message: string): void
}

/** Collects what a pass concludes. What it does not mark stays as the last pass left it. */
export class PassStatus<T extends KubeObject<unknown, CommonStatus>> implements StatusDraft<T> {
  readonly fields: NonNullable<T['status']>
  readonly #before: readonly Condition[]
  readonly #marked = new Map<string, ConditionDraft>()

  constructor(snapshot: T['status'] | undefined) {
    this.fields = structuredClone(snapshot ?? {}) as NonNullable<T['status']>
    this.#before = snapshot?.conditions ?? []
  }

  markTrue(condition: string, reason: string, message: string): void {
    this.#mark(condition, 'True', reason, message)
  }

  markFalse(condition: string, reason: string, message: string): void {
    this.#mark(condition, 'False', reason, message)
  }

  markUnknown(condition: string, reason: string, message: string): void {
    this.#mark(condition, 'Unknown', reason, message)
  }

  /** What this pass says of a condition; `undefined` when nothing. */
  marked(type: string): ConditionDraft | undefined {
    return this.#marked.get(type)
  }

  /** All that this pass marked, in the order of the first mark. */
  allMarked(): Iterable<ConditionDraft> {
    return this.#marked.values()
  }

  /** What the last pass left of a condition. */
  before(type: string): Condition | undefined {
    return this.#before.find((condition) => condition.type === type)
  }

  #mark(type: string, status: Condition['status'], reason: string, message: string): void {
    this.#marked.set(type, { type, status, reason, message })
  }
}
