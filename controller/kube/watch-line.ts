import type { KubeObject } from '../api/meta.ts'
import type { WatchEvent } from './client.ts'
import { ApiError } from './client.ts'

/** One line of a watch. An ERROR event, and what is not an event at all, is thrown: the stream cannot be trusted after it. */
export const parseWatchLine = <T extends KubeObject>(line: string): WatchEvent<T> => {
  const event = parseEvent(line)
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: event.type, object: event.object as T }
    case 'BOOKMARK':
      return { type: 'BOOKMARK', resourceVersion: event.object.metadata?.resourceVersion ?? '' }
    case 'ERROR':
      throw new ApiError({ ...event.object, code: event.object.code ?? 500 })
    default:
      throw new Error(`the watch sent an event of an unknown type: ${line.slice(0, 200)}`)
  }
}

interface RawEvent {
  type: unknown
  object: {
    metadata?: { resourceVersion?: string }
    code?: number
    reason?: string
    message?: string
    details?: unknown
  }
}

const parseEvent = (line: string): RawEvent => {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch (cause) {
    throw new Error(`the watch sent a line that is not JSON: ${line.slice(0, 200)}`, { cause })
  }
  if (typeof event === 'object' && event !== null && 'type' in event && 'object' in event) {
    if (typeof event.object === 'object' && event.object !== null) return event as RawEvent
  }
  throw new Error(`the watch sent a line that is not an event: ${line.slice(0, 200)}`)
}
