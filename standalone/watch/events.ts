import type { Call } from '../call.ts'
import { metaOf } from '../object.ts'
import { changedObject, previousObject, servedText } from '../registry/codec.ts'
import type { JsonObject } from '../schema/contract.ts'
import type { Selection } from '../selectors/selection.ts'
import { type Change, ChangeType } from '../store/change.ts'
import { objectTable, partialMetadata } from '../verbs/answer.ts'

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'

const NAMES = {
  [ChangeType.Added]: 'ADDED',
  [ChangeType.Modified]: 'MODIFIED',
  [ChangeType.Deleted]: 'DELETED',
} as const

export const eventLine = (type: EventType, objectText: string): string => `{"type":"${type}","object":${objectText}}\n`

/** Turns changes into the lines of one watch. Lines are shared with all watches of the same representation. */
export class EventWriter {
  readonly #call: Call
  readonly #selection: Selection
  readonly #key: string
  #columnsSent = false

  constructor(call: Call, selection: Selection) {
    this.#call = call
    this.#selection = selection
    const { as = '', version = '' } = call.representation
    this.#key = `${call.served.apiVersion} ${as} ${version} ${call.query.get('includeObject') ?? ''}`
  }

  /** The line that this watch shows for a change; '' when it does not concern it. */
  line(change: Change): string {
    const { namespace } = this.#call
    if (namespace && !change.path.startsWith(`${namespace}/`)) return ''
    const type = this.#selection.all ? NAMES[change.type] : this.#transition(change)
    if (type === undefined) return ''
    const left = type === 'DELETED' && change.type !== ChangeType.Deleted
    const columns = this.#withColumns()
    return change.memo(`${type} ${left} ${columns} ${this.#key}`, () =>
      eventLine(type, left ? this.#lastMatching(change, columns) : this.#text(change, columns)),
    )
  }

  /** The line for an object that was there when the watch began. */
  initial(stored: { text: string; revision: number }): string {
    return eventLine('ADDED', this.#render(servedText(this.#call.served, stored), this.#withColumns()))
  }

  bookmark(revision: number, initialEventsEnd: boolean): string {
    const { served, representation } = this.#call
    const metadata: JsonObject = { resourceVersion: String(revision) }
    if (initialEventsEnd) metadata.annotations = { 'k8s.io/initial-events-end': 'true' }
    if (representation.as === 'Table') {
      const object = { kind: served.model.kind, apiVersion: served.apiVersion, metadata }
      return eventLine(
        'BOOKMARK',
        JSON.stringify(objectTable(this.#call, [object], { resourceVersion: String(revision) }, this.#withColumns())),
      )
    }
    const partial = representation.as !== undefined
    const kind = partial ? 'PartialObjectMetadata' : served.model.kind
    const apiVersion = partial ? `meta.k8s.io/${representation.version ?? 'v1'}` : served.apiVersion
    return eventLine('BOOKMARK', JSON.stringify({ kind, apiVersion, metadata }))
  }

  /** What a selector sees of a change: coming into sight is ADDED, going out of it DELETED. */
  #transition(change: Change): 'ADDED' | 'MODIFIED' | 'DELETED' | undefined {
    const { served } = this.#call
    const now = change.type !== ChangeType.Deleted && this.#matches(change.text, () => changedObject(served, change))
    const before =
      change.previousText !== undefined && this.#matches(change.previousText, () => previousObject(served, change)!)
    if (now) return before ? 'MODIFIED' : 'ADDED'
    return before ? 'DELETED' : undefined
  }

  #matches(text: string, object: () => JsonObject): boolean {
    return this.#selection.mayMatch(text) && this.#selection.matches(object())
  }

  /** The content that matched last, at the revision of the change that ended it. */
  #lastMatching(change: Change, columns: boolean): string {
    const object = structuredClone(previousObject(this.#call.served, change)!)
    metaOf(object).resourceVersion = String(change.revision)
    return this.#render(JSON.stringify(object), columns)
  }

  #text(change: Change, columns: boolean): string {
    return this.#render(servedText(this.#call.served, change), columns)
  }

  #render(text: string, columns: boolean): string {
    const { as } = this.#call.representation
    if (as === undefined) return text
    const object = JSON.parse(text) as JsonObject
    if (as !== 'Table') return JSON.stringify(partialMetadata(this.#call, object))
    const meta = { resourceVersion: metaOf(object).resourceVersion ?? '' }
    return JSON.stringify(objectTable(this.#call, [object], meta, columns))
  }

  /** Tables say their columns once. */
  #withColumns(): boolean {
    const first = !this.#columnsSent
    this.#columnsSent = true
    return first
  }
}
