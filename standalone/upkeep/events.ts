import type { Backend } from '../call.ts'
import { metaOf, valueAt } from '../object.ts'
import type { JsonObject } from '../schema/contract.ts'
import { removeObject } from '../verbs/persist.ts'

/** kube-apiserver's --event-ttl. */
const TTL_MS = 3_600_000
/** Each sweep reads all events, so an event may stay a few minutes longer. */
const SWEEP_MS = 300_000
const BATCH = 500

/** When an event was last told of. */
const lastTold = (event: JsonObject): number => {
  const times = [
    metaOf(event).creationTimestamp,
    valueAt(event, 'lastTimestamp'),
    valueAt(event, 'eventTime'),
    valueAt(event, 'series.lastObservedTime'),
  ]
  return Math.max(0, ...times.map((time) => Date.parse(String(time ?? ''))).filter((time) => !Number.isNaN(time)))
}

/** Events are for the moment: an hour after they were last told of they go. */
export const startEventExpiry = (backend: Backend, onFault: (error: unknown) => void): (() => void) => {
  const sweep = setInterval(() => void expireEvents(backend).catch(onFault), SWEEP_MS).unref()
  return () => clearInterval(sweep)
}

export const expireEvents = async ({ store, registry, clock }: Backend): Promise<void> => {
  const served = registry.find('', 'v1', 'events')!
  const before = clock().getTime() - TTL_MS
  let after = ''
  for (;;) {
    const page = store.list('events', { after, limit: BATCH })
    const old = page.filter(({ text }) => lastTold(JSON.parse(text) as JsonObject) < before)
    if (old.length > 0) {
      await store.write((tx) => {
        for (const { path, revision } of old) {
          const stored = tx.get('events', path)
          if (stored?.revision === revision) removeObject(tx, { served }, JSON.parse(stored.text) as JsonObject)
        }
      })
    }
    if (page.length < BATCH) return
    after = page.at(-1)!.path
  }
}
