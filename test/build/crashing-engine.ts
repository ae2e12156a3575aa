import type { ContainerRequest, ContainerRollout } from '../../controller/hosts/port.ts'
import { deployContainer } from '../../periphery/deploy-container.ts'
import type { ContainerEngine } from '../../periphery/engine.ts'

/** The process was killed: thrown instead of doing anything more. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

const effects = new Set<keyof ContainerEngine>(['create', 'start', 'stop', 'rename', 'remove', 'pull'])

/** The engine for a process that is killed once, after `n` effects: the next effect is never reached. */
export const crashAfter = (engine: ContainerEngine, n: number): { engine: ContainerEngine; crashed: () => boolean } => {
  let left = n
  let crashed = false
  const proxy = new Proxy(engine, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property, target)
      if (typeof method !== 'function') return method
      return (...args: unknown[]): unknown => {
        if (!crashed && effects.has(property as keyof ContainerEngine)) {
          if (left === 0) {
            crashed = true
            throw new Crash('killed')
          }
          left--
        }
        return Reflect.apply(method, target, args)
      }
    },
  })
  return { engine: proxy, crashed: () => crashed }
}

/** Calls again and again as a reconciler does, and as a new process after a crash, until the rollout is at an end. */
export const rollOutOverCrashes = async (
  engine: ContainerEngine,
  desired: ContainerRequest,
  now: () => number,
  reported: Set<string> = new Set(),
  pause: () => Promise<void> = async () => {},
): Promise<ContainerRollout> => {
  const signal = AbortSignal.timeout(60_000)
  let reportedFailures = reported
  for (let call = 0; call < 2_000; call++) {
    try {
      const rollout = await deployContainer(engine, desired, { now, reportedFailures }, signal)
      if (rollout.state !== 'progressing') return rollout
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      reportedFailures = new Set<string>()
    }
    await pause()
  }
  throw new Error('the rollout came to no end')
}
