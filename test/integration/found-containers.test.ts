import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ContainerRequest, FoundContainer, Host } from '../../controller/hosts/port.ts'
import { dockerConnection } from '../../periphery/docker-connection.ts'
import { DockerEngine } from '../../periphery/docker-engine.ts'
import { findContainer } from '../../periphery/inventory.ts'
import { containerRequest } from '../build/container-request.ts'
import { agentOn } from '../harness/agent.ts'
import { dockerEnvironment, type TestDocker, testImages, withDocker } from '../harness/docker.ts'

const environment = dockerEnvironment()
const signal = AbortSignal.timeout(600_000)

/** What somebody told `docker run`, read from the container, makes the same container again. */
describe.skipIf(!environment)('a container that runs already, on a real Docker Engine', () => {
  let docker: TestDocker
  let engine: DockerEngine
  let host: Host
  beforeAll(() => {
    docker = withDocker(environment)
    engine = new DockerEngine(dockerConnection(docker.environment))
    ;({ host } = agentOn(docker))
  })
  afterEach(() => docker.clean())
  afterAll(async () => docker[Symbol.asyncDispose]())

  const look = async (name: string): Promise<FoundContainer> => (await findContainer(engine, name, signal))!
  const requestOf = ({ id: _, state: __, beyond: ___, compose: ____, ...found }: FoundContainer): ContainerRequest =>
    containerRequest({ ...found, owner: 'default/web', stop: { timeoutSeconds: 10 } })

  const cases: [what: string, flags: readonly string[], command: readonly string[]][] = [
    ['nothing but a name', [], []],
    [
      'environment, with blanks, quotes and line ends',
      ['-e', 'A=b c', '-e', `Q="it's"`, '-e', 'L=one\ntwo', '-e', 'EMPTY='],
      [],
    ],
    ['labels', ['--label', 'team=shop', '--label', 'rule=Host(`a.b`) && c'], []],
    ['a command with quotes', [], ['sh', '-c', 'echo "$A"; sleep 1000']],
    ['an entrypoint of its own', ['--entrypoint', 'sleep'], ['1000']],
    [
      'binds and volumes',
      ['-v', '/tmp:/mnt:ro', '-v', '/anonymous', '--mount', 'type=bind,source=/tmp,target=/m,readonly'],
      [],
    ],
    ['tmpfs', ['--tmpfs', '/run:size=1m,mode=1777'], []],
    [
      'limits',
      ['--memory=64m', '--memory-swap=128m', '--cpus=0.5', '--pids-limit=50', '--ulimit', 'nofile=100:200'],
      [],
    ],
    [
      'rights',
      ['--cap-add', 'NET_ADMIN', '--cap-drop', 'MKNOD', '--read-only', '--security-opt', 'no-new-privileges'],
      [],
    ],
    ['privileges', ['--privileged'], []],
    ['a user, a directory and a host name', ['--user', '1:1', '--workdir', '/tmp', '--hostname', 'box'], []],
    ['a health check', ['--health-cmd', 'true', '--health-interval=30s', '--health-retries=2'], []],
    ['a restart policy', ['--restart', 'on-failure:3'], []],
    ['ten tries, which a Deployment has by itself', ['--restart', 'on-failure:10'], []],
    ['logs', ['--log-driver', 'json-file', '--log-opt', 'max-size=1m'], []],
    ['names of others', ['--add-host', 'db:10.0.0.1', '--dns', '10.0.0.2'], []],
    ['init, a terminal and standard input', ['--init', '-t', '-i'], []],
    ['how it is stopped', ['--stop-signal', 'SIGUSR1', '--stop-timeout', '3'], []],
  ]
  it.each(cases)('with %s is made again as it is', async (_, flags, command) => {
    const name = `${docker.prefix}-web`
    await docker.docker('create', '--name', name, '--network', 'none', ...flags, testImages.busybox, ...command)
    const before = await look(name)
    expect(before.beyond).toEqual([])
    const request = requestOf(before)
    expect(await host.compareContainer(request, signal)).toEqual([])

    await docker.docker('rm', name)
    await host.deployContainer({ ...request, minReadyMs: 0 }, signal)
    const after = await look(name)
    expect({ ...after, id: '', state: '' }).toEqual({ ...before, id: '', state: '' })
  })

  it('that differs from what is declared is told by its fields', async () => {
    const name = `${docker.prefix}-web`
    await docker.docker('create', '--name', name, '--network', 'none', '-e', 'A=1', '--memory=64m', testImages.busybox)
    const request = requestOf(await look(name))
    const other = { ...request, environment: [{ key: 'A', value: '2' }], extraArgs: [], restart: 'always' as const }
    expect(await host.compareContainer(other, signal)).toEqual(['environment', 'extra_args (Memory)', 'restart'])
  })

  it('is in the inventory with its project, unless a Deployment made it', async () => {
    const mine = `${docker.prefix}-mine`
    await host.deployContainer(containerRequest({ name: mine, image: testImages.busybox, network: 'none' }), signal)
    await docker.docker('create', '--name', `${docker.prefix}-other`, '--network', 'none', testImages.busybox)
    const names = (await host.inventory(signal)).map(({ name }) => name)
    expect(names).toContain(`${docker.prefix}-other`)
    expect(names).not.toContain(mine)
  })
})
