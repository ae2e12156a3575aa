import { type HostEvent, HostUnreachableError } from '../controller/hosts/port.ts'
import type { DockerEngine } from './docker-engine.ts'

/** What matters to a reconciler. Above all not `exec_*`, which every health check makes. */
const actions = ['create', 'start', 'stop', 'die', 'oom', 'destroy', 'rename', 'pause', 'unpause', 'health_status']
/** No event of Docker's is this large; a stream without line breaks is broken. */
const maxLine = 1_000_000

interface EventJson {
  Action?: string
  Actor?: { Attributes?: Record<string, string> }
}

/** Docker's container events until `signal` is aborted (a normal end) or the connection breaks (`HostUnreachableError`). */
export async function* dockerEvents(engine: DockerEngine, signal: AbortSignal): AsyncGenerator<HostEvent> {
  const controller = new AbortController()
  const abort = () => controller.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    // The deadline is for the answer's head only; the stream then goes on under `controller`.
    const stream = await engine.ask('watch events', 'look', signal, (docker) =>
      docker.getEvents({ filters: { type: ['container'], event: actions }, abortSignal: controller.signal }),
    )
    let rest = ''
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > maxLine) throw new Error('an event of more than a megabyte')
      for (const line of lines) {
        const event = parseEvent(line)
        if (event) yield event
      }
    }
    if (!signal.aborted) throw new Error('the engine closed the stream')
  } catch (error) {
    if (signal.aborted) return
    if (error instanceof HostUnreachableError) throw error
    throw new HostUnreachableError(`the event stream of Docker broke: ${(error as Error).message}`, { cause: error })
  } finally {
    signal.removeEventListener('abort', abort)
    controller.abort()
  }
}

const parseEvent = (line: string): HostEvent | undefined => {
  if (line.trim() === '') return undefined
  const { Action: action = '', Actor: actor } = JSON.parse(line) as EventJson
  const { name = '', ...labels } = actor?.Attributes ?? {}
  return { type: 'container', action, name, labels }
}
