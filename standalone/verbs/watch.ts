import type { ApiResponse } from '../api.ts'
import type { Call } from '../call.ts'
import { isTrue } from '../http/request-info.ts'
import { expired, StatusError, statusOf } from '../http/status.ts'
import { servedObject } from '../registry/codec.ts'
import type { Cause } from '../schema/contract.ts'
import { forbidden, notSupported } from '../schema/field.ts'
import { parseSelection, type Selection } from '../selectors/selection.ts'
import { EventWriter, eventLine } from '../watch/events.ts'
import { Feed, FeedExpired } from '../watch/feed.ts'
import { integerParameter, invalidOptions } from './options.ts'
import { parseVersion, versionTooLarge } from './resource-version.ts'

/** A watch without a timeout of its own ends after 30 to 60 minutes, so that clients spread over restarts. */
const MIN_TIMEOUT_S = 1800
const BOOKMARK_MS = 60_000
/** Objects read at a time when a watch begins with what is there. */
const INITIAL_PAGE = 200

interface WatchOptions {
  /** Where to go on from; undefined: begin with what is there. */
  after: number | undefined
  bookmarks: boolean
  /** End what is there with a bookmark that says so. */
  endInitial: boolean
  timeoutMs: number
}

export const watch = (call: Call): ApiResponse => {
  const { representation } = call
  const selection = parseSelection(call.query, call.served)
  const options = watchOptions(call)
  if (representation.media !== 'application/json') {
    throw new StatusError(
      406,
      'NotAcceptable',
      'only the following media types are accepted: application/json;stream=watch',
    )
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, stream: lines(call, selection, options) }
}

const watchOptions = ({ query, backend }: Call): WatchOptions => {
  const initial = query.get('sendInitialEvents')
  const match = query.get('resourceVersionMatch') ?? ''
  const causes: Cause[] = []
  if (initial !== null && match !== 'NotOlderThan') {
    causes.push(
      forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    )
  }
  if (match !== '') {
    if (initial === null) {
      causes.push(
        forbidden(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
        ),
      )
    }
    if (match !== 'NotOlderThan') causes.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']))
  }
  if (causes.length > 0) throw invalidOptions('ListOptions', causes)
  const version = parseVersion(query.get('resourceVersion')) ?? 0
  const sendInitial = initial === null ? version === 0 : isTrue(initial)
  const { revision } = backend.store
  if (sendInitial && version > revision) throw versionTooLarge(version, revision)
  const seconds = integerParameter(query, 'timeoutSeconds') || MIN_TIMEOUT_S * (1 + backend.random())
  const bookmarks = isTrue(query.get('allowWatchBookmarks'))
  return {
    after: sendInitial ? undefined : version || revision,
    bookmarks,
    endInitial: bookmarks && sendInitial,
    timeoutMs: Math.min(seconds * 1000, 2 ** 31 - 1),
  }
}

async function* lines(call: Call, selection: Selection, options: WatchOptions): AsyncGenerator<string> {
  const { backend, served, signal } = call
  const start = backend.store.revision
  using feed = new Feed(backend.store, backend.pulse, served.resource.storage, options.after ?? start)
  using pause = new Pause(feed, signal, options.timeoutMs)
  const writer = new EventWriter(call, selection)
  const isServed = (): boolean =>
    backend.registry.find(served.resource.group, served.version, served.resource.plural) !== undefined
  const unlisten = backend.registry.onChange(() => {
    if (!isServed()) pause.end()
  })
  try {
    if (options.after === undefined) yield* initialLines(call, selection, writer, start)
    if (options.endInitial) yield writer.bookmark(start, true)
    for (;;) {
      if (!call.isStillAllowed()) return
      let chunk = ''
      for (const change of feed.take()) chunk += writer.line(change)
      if (chunk !== '') yield chunk
      const why = await pause.next()
      if (why === 'bookmark' && options.bookmarks && feed.caughtUpTo > 0) yield writer.bookmark(feed.caughtUpTo, false)
      if (why === 'ended') break
    }
    // What came in together with the end, such as the deletion of everything that a definition defined.
    let rest = ''
    for (const change of signal.aborted ? [] : feed.take()) rest += writer.line(change)
    if (rest !== '') yield rest
  } catch (error) {
    if (!(error instanceof FeedExpired)) throw error
    yield eventLine('ERROR', JSON.stringify(statusOf(expired(error.message))))
  } finally {
    unlisten()
  }
}

/** What was there at revision `start`, a page at a time: a slow client holds no more than a page. */
function* initialLines(call: Call, selection: Selection, writer: EventWriter, start: number): Generator<string> {
  const { backend, served, namespace } = call
  const prefix = namespace ? `${namespace}/` : ''
  let after = ''
  for (;;) {
    if (start < backend.store.compacted) throw new FeedExpired(start, backend.store.compacted)
    const page = backend.store.listAt(start, served.resource.storage, { prefix, after, limit: INITIAL_PAGE })
    const matching = selection.all
      ? page
      : page.filter((stored) => selection.mayMatch(stored.text) && selection.matches(servedObject(served, stored)))
    const chunk = matching.map((stored) => writer.initial(stored)).join('')
    if (chunk !== '') yield chunk
    if (page.length < INITIAL_PAGE) return
    after = page.at(-1)!.path
  }
}

type Woken = 'changes' | 'bookmark' | 'ended'

/** Waits for changes, for the time of a bookmark, or for the end of the watch. */
class Pause implements Disposable {
  readonly #feed: Feed
  readonly #signal: AbortSignal
  readonly #deadline: NodeJS.Timeout
  readonly #bookmarks: NodeJS.Timeout
  #due: Woken = 'changes'
  #wake: (() => void) | undefined

  constructor(feed: Feed, signal: AbortSignal, timeoutMs: number) {
    this.#feed = feed
    this.#signal = signal
    if (signal.aborted) this.#due = 'ended'
    this.#deadline = setTimeout(this.#end, timeoutMs).unref()
    this.#bookmarks = setInterval(() => this.#interrupt('bookmark'), BOOKMARK_MS).unref()
    signal.addEventListener('abort', this.#end)
  }

  /** Answers at once when something came up since the last time. */
  async next(): Promise<Woken> {
    if (this.#due === 'changes') {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      this.#feed.onceReady(resolve)
      await promise
      this.#wake = undefined
    }
    const due = this.#due
    if (due === 'bookmark') this.#due = 'changes'
    return due
  }

  readonly #end = (): void => this.#interrupt('ended')

  /** Nothing more is to come. */
  end(): void {
    this.#end()
  }

  #interrupt(why: Woken): void {
    if (this.#due !== 'ended') this.#due = why
    this.#wake?.()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#deadline)
    clearInterval(this.#bookmarks)
    this.#signal.removeEventListener('abort', this.#end)
  }
}
