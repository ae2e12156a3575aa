import { createServer, type Server, type Socket } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Host, type HostEvent, HostUnreachableError } from '../../controller/hosts/port.ts'
import { createAgent } from '../../periphery/agent.ts'
import { composeRequest, containerRequest } from '../build/container-request.ts'
import { dockerEnvironment, type PrivateDocker, startPrivateDocker, testImages, withDocker } from '../harness/docker.ts'
import { waitUntil } from '../harness/wait-until.ts'

const signal = AbortSignal.timeout(300_000)
const shared = dockerEnvironment()

describe.skipIf(!shared)('a Docker Engine that is stopped, killed and started again', () => {
  let engine: PrivateDocker | undefined
  let host: Host
  let directory: ReturnType<typeof withDocker>
  beforeAll(async () => {
    engine = await startPrivateDocker('down')
    if (!engine) return
    directory = withDocker(engine.environment)
    host = createAgent({
      stacksDirectory: path.join(directory.directory, 'stacks'),
      reposDirectory: path.join(directory.directory, 'repos'),
      environment: engine.environment,
      version: 'test',
    })
  })
  afterAll(async () => {
    await engine?.start()
    await directory?.[Symbol.asyncDispose]()
    await engine?.[Symbol.asyncDispose]()
  })

  const request = containerRequest({
    name: 'survivor',
    owner: 'default/survivor',
    image: testImages.busybox,
    command: 'sleep 10000',
    network: 'none',
    restart: 'always',
    stop: { signal: 'SIGKILL', timeoutSeconds: 0 },
    minReadyMs: 0,
  })
  const settle = () =>
    waitUntil(
      'a settled container',
      async () => (await host.deployContainer(request, signal)).state === 'settled' || undefined,
      { timeoutMs: 30_000 },
    )

  for (const how of ['stop', 'kill'] as const) {
    it(`answers no call after ${how}, ends the event stream, and is as it was after a start`, async ({ skip }) => {
      if (!engine) return skip('needs root and dockerd')
      await settle()
      const before = await host.observeContainer(request.name, signal)
      const seen: HostEvent[] = []
      const following = (async () => {
        for await (const event of host.events(signal)) seen.push(event)
      })()
      following.catch(() => {})
      await host.status(signal)

      await engine[how]()

      await expect(following).rejects.toBeInstanceOf(HostUnreachableError)
      const stack = composeRequest(`services:\n  web:\n    image: ${testImages.busybox}\n`)
      const calls: Promise<unknown>[] = [
        host.status(signal),
        host.observeContainer(request.name, signal),
        host.deployContainer(request, signal),
        host.removeContainer(request.name, request.owner, request.stop, signal),
        host.observeProject('web', signal),
        host.composeUp(stack, signal),
        host.composeDown('web', { removeOrphans: true }, signal),
        host.events(signal)[Symbol.asyncIterator]().next(),
      ]
      for (const result of await Promise.allSettled(calls)) {
        expect(result).toMatchObject({ status: 'rejected', reason: { name: 'HostUnreachableError' } })
      }

      await engine.start()
      await settle()
      expect((await host.observeContainer(request.name, signal))?.id).toBe(before?.id)
    })
  }
})

describe('an engine that takes calls and never answers', () => {
  let server: Server
  let host: Host
  const open = new Set<Socket>()
  let directory: ReturnType<typeof withDocker> | undefined
  beforeAll(async () => {
    directory = shared && withDocker(shared)
    const socket = path.join(directory?.directory ?? '/tmp', `hung-${process.pid}.sock`)
    server = createServer((connection) => {
      open.add(connection)
      connection.on('close', () => open.delete(connection))
      connection.on('error', () => {})
      connection.resume()
    })
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    const environment = { ...process.env, DOCKER_HOST: `unix://${socket}` }
    host = createAgent({
      stacksDirectory: '/nonexistent',
      reposDirectory: '/nonexistent',
      environment,
      version: 'test',
      deadlines: { look: 200, act: 200 },
    })
  })
  afterAll(async () => {
    for (const connection of open) connection.destroy()
    await new Promise((resolve) => server.close(resolve))
    await directory?.[Symbol.asyncDispose]()
  })

  it('is given up after the deadline, and its connections are closed', async () => {
    const started = performance.now()
    await expect(host.observeContainer('web', signal)).rejects.toThrow(
      /^no answer within 0.2 s to: inspect container web.* \(Docker at unix:/,
    )
    await expect(host.events(signal)[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(HostUnreachableError)
    expect(performance.now() - started).toBeLessThan(5_000)
    await waitUntil('closed connections', async () => open.size === 0)
  })
})

describe('a DOCKER_HOST that is nonsense', () => {
  it('is refused with what would be right', () => {
    const options = { stacksDirectory: '/tmp', reposDirectory: '/tmp', version: 'test' }
    expect(() => createAgent({ ...options, environment: { DOCKER_HOST: 'somewhere' } })).toThrow(
      'DOCKER_HOST=somewhere is not understood: use unix:///path/to/docker.sock or tcp://host:port',
    )
  })
})
