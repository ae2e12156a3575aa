import { isObject } from '../object.ts'
import type { Json, JsonObject } from '../schema/contract.ts'

/** The conditions of a built-in kind; `lastTransitionTime` moves with the status alone. */
export class Conditions {
  readonly list: JsonObject[]
  readonly #now: string

  constructor(old: Json | undefined, now: string) {
    this.list = (Array.isArray(old) ? old : []).filter(isObject).map((condition) => ({ ...condition }))
    this.#now = now
  }

  is(type: string): boolean {
    return this.list.some((condition) => condition.type === type && condition.status === 'True')
  }

  set(type: string, status: 'True' | 'False', reason: string, message: string): void {
    const known = this.list.find((condition) => condition.type === type)
    if (!known) {
      this.list.push({ lastTransitionTime: this.#now, message, reason, status, type })
      return
    }
    if (known.status !== status) known.lastTransitionTime = this.#now
    Object.assign(known, { status, reason, message })
  }
}
