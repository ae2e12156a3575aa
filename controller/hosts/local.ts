import { type AgentOptions, createAgent } from '../../periphery/agent.ts'
import { type Server, serverCondition } from '../api/v1alpha1/server.ts'
import { StalledError } from '../engine/errors.ts'
import type { Host, Hosts } from './port.ts'

/** The address of the machine that the controller itself runs on. */
export const localAddress = 'local'

/** Servers whose agent lives in this process. Other ways to an agent are refused by name. */
export const localHosts = (options: AgentOptions): Hosts => {
  let agent: Host | undefined
  return {
    for(server: Server): Host {
      const { address } = server.spec
      if (address !== localAddress) {
        throw new StalledError(
          serverCondition.reachable,
          'AddressNotSupported',
          `address "${address}" is not supported yet: only "${localAddress}", the machine that the controller runs on, is`,
        )
      }
      agent ??= createAgent(options)
      return agent
    },
  }
}
