export const ChangeType = { Added: 0, Modified: 1, Deleted: 2 } as const
export type ChangeType = (typeof ChangeType)[keyof typeof ChangeType]

export interface ChangeRecord {
  revision: number
  type: ChangeType
  resource: string
  path: string
  /** The object after the change; for a deletion, its last content at the revision of the deletion. */
  text: string
  /** The object before the change. */
  previousText: string | undefined
}

/** One committed change. Watchers share it, so that it is parsed and rendered once, not once per watcher. */
export class Change implements ChangeRecord {
  readonly revision: number
  readonly type: ChangeType
  readonly resource: string
  readonly path: string
  readonly text: string
  readonly previousText: string | undefined
  readonly #memo = new Map<string, unknown>()

  constructor({ revision, type, resource, path, text, previousText }: ChangeRecord) {
    this.revision = revision
    this.type = type
    this.resource = resource
    this.path = path
    this.text = text
    this.previousText = previousText
  }

  /** What `make` answers, made once per `key`. */
  memo<T>(key: string, make: (change: Change) => T): T {
    if (!this.#memo.has(key)) this.#memo.set(key, make(this))
    return this.#memo.get(key) as T
  }
}
