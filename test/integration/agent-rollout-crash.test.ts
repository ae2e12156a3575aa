import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { dockerConnection } from '../../periphery/docker-connection.ts'
import { DockerEngine } from '../../periphery/docker-engine.ts'
import { containerRequest } from '../build/container-request.ts'
import { crashAfter, rollOutOverCrashes } from '../build/crashing-engine.ts'
import { dockerEnvironment, type TestDocker, testImages, withDocker } from '../harness/docker.ts'

const environment = dockerEnvironment()

describe.skipIf(!environment)('a rollout on a real Docker Engine that is killed between any two effects', () => {
  let docker: TestDocker
  const open = () => {
    docker ??= withDocker(environment)
    return { docker, engine: new DockerEngine(dockerConnection(docker.environment)) }
  }
  afterEach(() => docker.clean())
  afterAll(async () => docker[Symbol.asyncDispose]())

  const images = { from: testImages.web1, good: testImages.web2, exits: testImages.busybox } as const
  const pause = () => delay(50)

  const cases = [
    { title: 'ends with the new container', image: images.good, state: 'settled', left: images.good },
    {
      title: 'ends with the old one back when the new one fails',
      image: images.exits,
      state: 'rolled-back',
      left: images.from,
    },
  ]
  for (const { title, image, state, left } of cases) {
    it(title, async () => {
      const { docker, engine } = open()
      let n = 0
      for (let wasKilled = true; wasKilled; n++) {
        const name = `${docker.prefix}-${n}`
        const request = (image: string) =>
          containerRequest({
            name,
            owner: `default/${name}`,
            image,
            hash: image,
            network: 'none',
            restart: 'no',
            // On busybox this exits at once; the web server does not get the command.
            command: image === images.exits ? 'false' : '',
            stop: { signal: 'SIGKILL', timeoutSeconds: 0 },
            healthDeadlineMs: 15_000,
          })
        await rollOutOverCrashes(engine, request(images.from), Date.now, new Set(), pause)
        const { engine: crashing, crashed } = crashAfter(engine, n)
        const rollout = await rollOutOverCrashes(crashing, request(image), Date.now, new Set(), pause)
        expect(rollout.state, `killed after effect ${n}`).toBe(state)
        const names = await docker.docker(
          'ps',
          '-a',
          '--filter',
          `name=^/${name}`,
          '--format',
          '{{.Names}} {{.Image}} {{.State}}',
        )
        expect(names, `killed after effect ${n}`).toBe(`${name} ${left} running`)
        wasKilled = crashed()
      }
      expect(n).toBeGreaterThan(5)
    }, 300_000)
  }
})
