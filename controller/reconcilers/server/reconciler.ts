import { parseDuration } from '../../api/duration.ts'
import { conditionOf } from '../../api/meta.ts'
import { komodoNameOf } from '../../api/names.ts'
import { type Server, serverCondition, serverKind } from '../../api/v1alpha1/server.ts'
import type { Clock } from '../../engine/clock.ts'
import type { Pass, Reconciler } from '../../engine/reconciler.ts'
import { type HostStatus, type Hosts, HostUnreachableError } from '../../hosts/port.ts'
import type { HostEvents } from '../host-events.ts'
import { ownerOf } from '../references.ts'
import { factsToReport } from './facts.ts'
import { answerInventory, type InventoryClient } from './inventory.ts'

const { reachable } = serverCondition

export interface ServerDeps {
  hosts: Hosts
  hostEvents: HostEvents
  clock: Clock
  client: InventoryClient
}

/**
 * Says whether a host can be used, and what is on it. Touches nothing there. Woken by its event stream when that breaks or comes
 * back; looks by itself every `operator.interval`.
 */
export function serverReconciler({ hosts, hostEvents, clock, client }: ServerDeps): Reconciler<Server> {
  /** When each server's numbers were written last. */
  const writtenAt = new Map<string, number>()

  return {
    type: serverKind,
    owns: [reachable],
    wakeOn: [hostEvents.wakeServers()],
    workers: 32,
    timeoutMs: 60_000,

    async reconcile(server, pass) {
      const recheck = { afterMs: parseDuration(server.spec.operator.interval) }
      if (!server.spec.enabled) {
        pass.status.markFalse(reachable, 'Disabled', 'It is disabled and never contacted: set `enabled = true`.')
        return {}
      }

      const observed = await look(server, hosts, pass)
      if (observed === undefined) return recheck

      const id = ownerOf(server)
      const since = writtenAt.get(id)
      const { facts, numbersMoved } = factsToReport(
        server.spec,
        server.status ?? {},
        observed,
        since === undefined ? undefined : clock.now() - since,
      )
      if (numbersMoved || since === undefined) writtenAt.set(id, clock.now())
      replaceFacts(pass, facts)
      tellReturn(server, pass)
      await answerInventory(server, hosts.for(server), pass, { client, clock })
      pass.status.markTrue(reachable, 'Reachable', `Docker ${observed.dockerVersion} on ${observed.hostName} answers.`)
      return recheck
    },
  }
}

/** `undefined`, with the condition marked, when nobody answers: a fact about the host, not a failure of the pass. */
async function look(server: Readonly<Server>, hosts: Hosts, pass: Pass<Server>): Promise<HostStatus | undefined> {
  try {
    return await hosts.for(server).status(pass.signal)
  } catch (error) {
    if (!(error instanceof HostUnreachableError)) throw error
    const before = conditionOf(server, reachable)
    if (before?.status !== 'False') pass.event('Warning', 'Unreachable', error.message)
    pass.status.markFalse(reachable, 'Unreachable', error.message)
    return undefined
  }
}

function tellReturn(server: Readonly<Server>, pass: Pass<Server>): void {
  if (conditionOf(server, reachable)?.reason !== 'Unreachable') return
  pass.event('Normal', 'Reachable', `Server "${komodoNameOf(server)}" answers again.`)
}

function replaceFacts(pass: Pass<Server>, facts: ReturnType<typeof factsToReport>['facts']): void {
  const { fields } = pass.status
  for (const key of ['cpu', 'memory', 'disks'] as const) if (facts[key] === undefined) delete fields[key]
  Object.assign(fields, facts)
}
