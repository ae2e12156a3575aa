import type { Backend } from '../call.ts'
import { startAggregation } from './aggregation.ts'
import { Definitions } from './definitions.ts'
import { startEventExpiry } from './events.ts'
import { GarbageCollector } from './garbage-collector.ts'
import { Namespaces } from './namespaces.ts'

/** What the server does by itself, in one place: what a cluster has kube-controller-manager for. */
export const startUpkeep = async (
  backend: Backend,
  onFault: (error: unknown) => void,
): Promise<{ stop(): Promise<void> }> => {
  const stops = [
    // First: what is defined must be served before anything judges by it.
    await new Definitions(backend, onFault).start(),
    new Namespaces(backend, onFault).start(),
    new GarbageCollector(backend, onFault).start(),
    startAggregation(backend, onFault),
    startEventExpiry(backend, onFault),
  ]
  return {
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()))
    },
  }
}
