import { describe, it } from 'vitest'
import { describeHost } from '../conformance/hosts.ts'
import { agentOn } from '../harness/agent.ts'
import { dockerEnvironment, testImages, withDocker } from '../harness/docker.ts'

const environment = dockerEnvironment()

if (environment) {
  describeHost('the agent of this machine', async () => {
    const docker = withDocker(environment)
    const { host } = agentOn(docker)
    const missing = 'komodo-operator.invalid/missing:1'
    return {
      host,
      images: {
        shell: testImages.busybox,
        healthy: testImages.web1,
        healthier: testImages.web2,
        neverHealthy: testImages.broken,
        missing,
        sleep: "sh -c 'trap exit TERM; while :; do sleep 0.1; done'",
        fail: "sh -c 'echo oops; exit 3'",
        done: 'true',
        cannotStart: 'cannot-start',
      },
      name: (suffix) => `${docker.prefix}-${suffix}`,
      runByHand: async (name, image) => {
        await docker.docker('run', '-d', '--name', name, '--network', 'none', image, 'sleep', '1000')
      },
      removeByHand: async (name) => {
        await docker.docker('rm', '-f', name)
      },
      stopByHand: async (name) => {
        await docker.docker('stop', '-t', '0', name)
      },
      containers: async (prefix) =>
        (await docker.docker('ps', '-a', '--format', '{{.Names}}', '--filter', `name=^/${prefix}`))
          .split('\n')
          .filter((name) => name !== '')
          .sort(),
      clean: docker.clean,
      dispose: async () => docker[Symbol.asyncDispose](),
    }
  })
} else {
  describe.skip('the agent of this machine (no Docker here)', () => {
    it('needs Docker', () => {})
  })
}
