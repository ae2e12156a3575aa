import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ContainerRequest, ContainerRollout, Host, HostEvent, RepoRequest } from '../../controller/hosts/port.ts'
import { composeRequest, containerRequest } from '../build/container-request.ts'
import { waitUntil } from '../harness/wait-until.ts'

/** A host to try, and the ways of somebody else who works on it by hand. */
export interface HostFixture {
  host: Host
  /** A name of a container or project that no other test uses. */
  name(suffix: string): string
  images: {
    /** Runs `command` words, or ends at once without. */
    shell: string
    healthy: string
    healthier: string
    neverHealthy: string
    missing: string
    /** What makes `shell` run on, end with code 3 after a line of log, end with code 0. */
    sleep: string
    fail: string
    done: string
    cannotStart: string
  }
  runByHand(name: string, image: string): Promise<void>
  removeByHand(name: string): Promise<void>
  stopByHand(name: string): Promise<void>
  /** Names of all containers that begin with `prefix`. */
  containers(prefix: string): Promise<string[]>
  clean(): Promise<void>
  dispose(): Promise<void>
}

const signal = AbortSignal.timeout(600_000)

/** What every implementation of the hosts port promises. */
export const describeHost = (title: string, setUp: () => Promise<HostFixture>): void => {
  describe(title, () => {
    let fixture: HostFixture
    beforeAll(async () => {
      fixture = await setUp()
    })
    afterEach(() => fixture.clean())
    afterAll(() => fixture.dispose())

    const shell = (suffix: string, changes: Partial<ContainerRequest> = {}) => {
      const { shell, sleep } = fixture.images
      const name = fixture.name(suffix)
      return containerRequest({
        name,
        owner: `default/${name}`,
        image: shell,
        command: sleep,
        network: 'none',
        ...changes,
      })
    }
    const deploy = (request: ContainerRequest) => fixture.host.deployContainer(request, signal)
    const observe = (name: string) => fixture.host.observeContainer(name, signal)
    /** Calls again, as a reconciler does, until the rollout is at an end. */
    const rollOut = (request: ContainerRequest) =>
      waitUntil<Exclude<ContainerRollout, { state: 'progressing' }>>(
        `rollout of ${request.name}`,
        async () => {
          const rollout = await deploy(request)
          return rollout.state === 'progressing' ? undefined : rollout
        },
        { timeoutMs: 60_000 },
      )

    describe('status', () => {
      it('tells versions, the engine and what the machine has', async () => {
        const status = await fixture.host.status(signal)
        expect(status.dockerVersion).toMatch(/^\d+\./)
        expect(status.engineId).not.toBe('')
        expect(status.memory.totalBytes).toBeGreaterThan(status.memory.usedBytes)
        expect(status.cpuPercent).toBeLessThanOrEqual(100)
        expect(status.disks.length).toBeGreaterThan(0)
      })
    })

    describe('a container', () => {
      it('that nobody made is not there', async () => {
        expect(await observe(fixture.name('nobody'))).toBeUndefined()
      })

      it('is made, started, and settled once it stayed up', async () => {
        const request = shell('new')
        expect((await deploy(request)).state).toBe('progressing')
        expect((await rollOut(request)).state).toBe('settled')
        expect(await observe(request.name)).toMatchObject({
          name: request.name,
          state: 'running',
          owner: request.owner,
          hash: 'h1',
          image: fixture.images.shell,
          restartCount: 0,
        })
      })

      it('that is as desired is not touched again', async () => {
        const request = shell('same')
        const first = await rollOut(request)
        const second = await deploy(request)
        expect(second.state).toBe('settled')
        expect(second.container?.id).toBe(first.container?.id)
        expect(second.container?.startedAt).toBe(first.container?.startedAt)
      })

      it('is replaced when the desired state changed, and the old one is gone then', async () => {
        const request = shell('changed')
        const first = await rollOut(request)
        const second = await rollOut({ ...request, hash: 'h2' })
        expect(second).toMatchObject({ state: 'settled', container: { hash: 'h2', state: 'running' } })
        expect(second.container?.id).not.toBe(first.container?.id)
        expect(await fixture.containers(request.name)).toEqual([request.name])
      })

      it('is settled by its health check, not before', async () => {
        const request = shell('healthy', { image: fixture.images.healthy, command: '' })
        const first = await deploy(request)
        expect(first).toMatchObject({ state: 'progressing', container: { health: 'starting' } })
        expect(await rollOut(request)).toMatchObject({ state: 'settled', container: { health: 'healthy' } })
      })

      it('that does not become healthy in time gives way to the one before', async () => {
        const request = shell('unhealthy', { image: fixture.images.healthy, command: '' })
        const first = await rollOut(request)
        const bad = { ...request, hash: 'h2', image: fixture.images.neverHealthy, healthDeadlineMs: 2_000 }
        const rollout = await rollOut(bad)
        expect(rollout).toMatchObject({ state: 'rolled-back', container: { hash: 'h1', state: 'running' } })
        expect(rollout.state === 'rolled-back' && rollout.message).toMatch(/did not become healthy within 2 s/)
        expect(rollout.container?.id).toBe(first.container?.id)
        expect(await fixture.containers(request.name)).toEqual([request.name])
      })

      it('that exits at once gives way to the one before, and its log is told', async () => {
        const request = shell('exits')
        await rollOut(request)
        const rollout = await rollOut({ ...request, hash: 'h2', command: fixture.images.fail })
        expect(rollout).toMatchObject({ state: 'rolled-back', container: { hash: 'h1', state: 'running' } })
        expect(rollout.state === 'rolled-back' && rollout.message).toMatch(/exited \(exit code 3\)/)
        expect(rollout.state === 'rolled-back' && rollout.lastLogLines).toEqual(['oops'])
        expect(await fixture.containers(request.name)).toEqual([request.name])
      })

      it('that cannot even be started gives way to the one before', async () => {
        const request = shell('cannot-start')
        await rollOut(request)
        const rollout = await rollOut({ ...request, hash: 'h2', command: fixture.images.cannotStart })
        expect(rollout).toMatchObject({ state: 'rolled-back', container: { hash: 'h1', state: 'running' } })
        expect(rollout.state === 'rolled-back' && rollout.message).toMatch(
          /could not be started: .*executable file not found/,
        )
        expect(await fixture.containers(request.name)).toEqual([request.name])
      })

      it('that cannot be started with nothing before it is refused with the reason', async () => {
        const request = shell('never-started', { command: fixture.images.cannotStart })
        for (let call = 0; call < 2; call++) {
          await expect(deploy(request)).rejects.toMatchObject({ name: 'HostRejectedError', reason: 'CommandNotFound' })
        }
        expect(await rollOut({ ...request, hash: 'h2', command: fixture.images.sleep })).toMatchObject({
          state: 'settled',
        })
        expect(await fixture.containers(request.name)).toEqual([request.name])
      })

      it('that exits at once with nothing before it stays for its log, and is started again at the next call', async () => {
        const request = shell('first-exits', { command: fixture.images.fail })
        const first = await rollOut(request)
        expect(first).toMatchObject({ state: 'rolled-back', container: { hash: 'h1', state: 'exited', exitCode: 3 } })
        const second = await rollOut(request)
        expect(second.state).toBe('rolled-back')
        expect(second.container?.id).toBe(first.container?.id)
        expect(second.container?.startedAt).not.toBe(first.container?.startedAt)
      })

      it('that is done with exit code 0 is settled, unless its policy restarts it', async () => {
        const request = shell('done', { command: fixture.images.done })
        expect(await rollOut(request)).toMatchObject({ state: 'settled', container: { state: 'exited', exitCode: 0 } })
      })

      it('that has another name now serves under it until its replacement does, and comes back if that fails', async () => {
        const before = shell('named-before')
        const first = await rollOut(before)
        const after = { ...before, name: fixture.name('named-after'), formerNames: [before.name], hash: 'h2' }
        const failed = await rollOut({ ...after, command: fixture.images.fail })
        expect(failed).toMatchObject({ state: 'rolled-back', container: { name: after.name, hash: 'h1' } })
        expect(failed.container?.id).toBe(first.container?.id)
        const second = await rollOut({ ...after, hash: 'h3' })
        expect(second).toMatchObject({ state: 'settled', container: { name: after.name, hash: 'h3' } })
        expect(await observe(before.name)).toBeUndefined()
        expect(await fixture.containers(after.name)).toEqual([after.name])
      })

      it('that has a former name beside its own loses that one; what others have under it stays', async () => {
        const [mine, theirs] = [shell('former-mine'), shell('former-theirs')]
        const now = { ...shell('now'), owner: mine.owner, formerNames: [mine.name, theirs.name] }
        for (const request of [mine, theirs, { ...now, formerNames: [] }]) await rollOut(request)
        expect((await rollOut({ ...now, hash: 'h2' })).state).toBe('settled')
        expect(await observe(mine.name)).toBeUndefined()
        expect(await observe(theirs.name)).toMatchObject({ state: 'running' })
      })

      it('keeps its former name while somebody else has the new one', async () => {
        const [before, taken] = [shell('keeps-name'), shell('name-taken')]
        await rollOut(before)
        await rollOut(taken)
        const after = { ...before, name: taken.name, formerNames: [before.name], hash: 'h2' }
        await expect(deploy(after)).rejects.toMatchObject({ reason: 'NameTaken' })
        expect(await observe(before.name)).toMatchObject({ state: 'running' })
      })

      it('comes back when somebody removed it', async () => {
        const request = shell('removed')
        await rollOut(request)
        await fixture.removeByHand(request.name)
        expect(await rollOut(request)).toMatchObject({ state: 'settled', container: { state: 'running' } })
      })

      it('is started again when somebody stopped it, as the same container', async () => {
        const request = shell('stopped', { minReadyMs: 0 })
        const before = await rollOut(request)
        await fixture.stopByHand(request.name)
        await fixture.host.startContainer(request.name, request.owner, signal)
        const after = await observe(request.name)
        expect(after).toMatchObject({ state: 'running', id: before.container?.id })
      })

      it('of somebody else is never touched', async () => {
        const request = shell('foreign')
        await fixture.runByHand(request.name, fixture.images.shell)
        const before = await observe(request.name)
        await expect(deploy(request)).rejects.toMatchObject({ name: 'HostRejectedError', reason: 'NameTaken' })
        await fixture.host.removeContainer(request.name, request.owner, request.stop, signal)
        await expect(fixture.host.startContainer(request.name, request.owner, signal)).rejects.toMatchObject({
          reason: 'NameTaken',
        })
        expect(await observe(request.name)).toEqual(before)
      })

      it('of somebody else is taken over when the label says so', async () => {
        const request = shell('adopted', { labels: [{ key: 'komodo.dev/adopt', value: 'true' }] })
        await fixture.runByHand(request.name, fixture.images.shell)
        expect(await rollOut(request)).toMatchObject({ state: 'settled', container: { owner: request.owner } })
        expect(await fixture.containers(request.name)).toEqual([request.name])
      })

      it('keeps running when the new image cannot be had', async () => {
        const request = shell('no-image')
        const before = await rollOut(request)
        const bad = { ...request, hash: 'h2', image: fixture.images.missing }
        await expect(deploy(bad)).rejects.toMatchObject({ name: 'HostRejectedError', reason: 'ImagePullFailed' })
        expect((await observe(request.name))?.startedAt).toBe(before.container?.startedAt)
        expect(await fixture.containers(request.name)).toEqual([request.name])
      })

      it('is not made from an unknown flag, and the nearest known one is told', async () => {
        const request = shell('flags', { extraArgs: ['--memroy=1g'] })
        await expect(deploy(request)).rejects.toMatchObject({
          reason: 'InvalidArgument',
          message: 'extra_args: unknown flag --memroy of docker run: did you mean --memory?',
        })
        expect(await fixture.containers(request.name)).toEqual([])
      })

      it('is removed with what replacements left; removing it again is fine', async () => {
        const request = shell('gone')
        await rollOut(request)
        await deploy({ ...request, hash: 'h2', minReadyMs: 60_000 })
        expect((await observe(request.name))?.previous).toMatchObject({ state: 'exited' })
        await fixture.host.removeContainer(request.name, request.owner, request.stop, signal)
        await fixture.host.removeContainer(request.name, request.owner, request.stop, signal)
        expect(await fixture.containers(request.name)).toEqual([])
      })

      it('whose desired state changed back in the middle of a rollout ends as desired', async () => {
        const request = shell('flip')
        await rollOut(request)
        await deploy({ ...request, hash: 'h2', minReadyMs: 60_000 })
        expect(await rollOut(request)).toMatchObject({ state: 'settled', container: { hash: 'h1', state: 'running' } })
        expect(await fixture.containers(request.name)).toEqual([request.name])
      })
    })

    describe('a compose project', () => {
      const compose = (...services: string[]) => `services:\n${services.join('')}`
      const service = (name: string, more = '') =>
        `  ${name}:\n    image: ${fixture.images.healthy}\n    network_mode: none\n    stop_grace_period: 0s\n${more}`
      const request = (suffix: string, contents: string, changes = {}) => {
        const name = fixture.name(suffix)
        return composeRequest(contents, { stack: name, owner: `default/${name}`, project: name, ...changes })
      }
      const project = (name: string) => fixture.host.observeProject(name, signal)

      it('that nobody made has no containers', async () => {
        expect(await project(fixture.name('nothing'))).toEqual({ project: fixture.name('nothing'), containers: [] })
      })

      it('comes up; its containers carry the hashes that were announced', async () => {
        const up = request('up', compose(service('web'), service('worker', '    scale: 2\n')))
        const { services } = await fixture.host.composeUp(up, signal)
        expect(services.map(({ name, replicas, image }) => ({ name, replicas, image }))).toEqual([
          { name: 'web', replicas: 1, image: fixture.images.healthy },
          { name: 'worker', replicas: 2, image: fixture.images.healthy },
        ])
        const { containers } = await project(up.project)
        expect(containers.map(({ name, service, state }) => ({ name, service, state }))).toEqual([
          { name: `${up.project}-web-1`, service: 'web', state: 'running' },
          { name: `${up.project}-worker-1`, service: 'worker', state: 'running' },
          { name: `${up.project}-worker-2`, service: 'worker', state: 'running' },
        ])
        for (const container of containers) {
          expect(container.configHash).toBe(services.find(({ name }) => name === container.service)?.configHash)
        }
      })

      it('that did not change keeps its containers', async () => {
        const up = request('same', compose(service('web')))
        await fixture.host.composeUp(up, signal)
        const before = await project(up.project)
        await fixture.host.composeUp(up, signal)
        expect((await project(up.project)).containers.map(({ id }) => id)).toEqual(
          before.containers.map(({ id }) => id),
        )
      })

      it('loses the services that its file no longer has, unless told not to', async () => {
        const both = request('orphan', compose(service('web'), service('old')))
        await fixture.host.composeUp(both, signal)
        const one = { ...both, source: { type: 'inline' as const, contents: compose(service('web')) } }
        await fixture.host.composeUp({ ...one, removeOrphans: false }, signal)
        expect((await project(both.project)).containers).toHaveLength(2)
        await fixture.host.composeUp(one, signal)
        expect((await project(both.project)).containers.map(({ service }) => service)).toEqual(['web'])
      })

      it('that has another name now is taken down under the old one', async () => {
        const before = request('before', compose(service('web')))
        await fixture.host.composeUp(before, signal)
        const after = { ...before, project: fixture.name('after'), formerProjects: [before.project] }
        await fixture.host.composeUp(after, signal)
        expect((await project(before.project)).containers).toEqual([])
        expect((await project(after.project)).containers).toHaveLength(1)
      })

      it('goes down without its files; going down again is fine', async () => {
        const up = request('down', compose(service('web')))
        await fixture.host.composeUp(up, signal)
        await fixture.host.composeDown(up.project, { removeOrphans: true }, signal)
        await fixture.host.composeDown(up.project, { removeOrphans: true }, signal)
        expect((await project(up.project)).containers).toEqual([])
      })

      it('that is invalid is refused with what Compose says, and what runs goes on', async () => {
        const up = request('invalid', compose(service('web')))
        await fixture.host.composeUp(up, signal)
        const bad = { ...up, source: { type: 'inline' as const, contents: 'services: [1, 2]\n' } }
        await expect(fixture.host.composeUp(bad, signal)).rejects.toMatchObject({
          name: 'HostRejectedError',
          reason: 'InvalidCompose',
          message: expect.stringMatching(/services must be a mapping/),
          log: [{ stage: 'Compose Config', success: false }],
        })
        expect((await project(up.project)).containers).toMatchObject([{ state: 'running' }])
      })

      it('whose image cannot be pulled is refused before anything is touched', async () => {
        const up = request('no-image', compose(`  web:\n    image: ${fixture.images.missing}\n`))
        await expect(fixture.host.composeUp(up, signal)).rejects.toMatchObject({ reason: 'ImagePullFailed' })
        expect((await project(up.project)).containers).toEqual([])
      })

      it('whose name Compose would not take is refused', async () => {
        const up = request('name', compose(service('web')), { project: '--help' })
        await expect(fixture.host.composeUp(up, signal)).rejects.toMatchObject({ reason: 'InvalidArgument' })
      })
    })

    describe('events', () => {
      it('tell what happens to containers, until they are no longer wanted', async () => {
        const request = shell('events')
        const stop = new AbortController()
        const seen: HostEvent[] = []
        const following = (async () => {
          for await (const event of fixture.host.events(stop.signal)) seen.push(event)
        })()
        // The subscription has no acknowledgement: make noise until it is heard.
        await waitUntil('the subscription', async () => {
          await fixture.runByHand(request.name, fixture.images.shell)
          await fixture.removeByHand(request.name)
          return seen.length > 0
        })
        seen.length = 0
        await rollOut(request)
        await fixture.host.removeContainer(request.name, request.owner, request.stop, signal)
        await waitUntil('the removal', async () => seen.some(({ action }) => action === 'destroy'))
        stop.abort()
        await following
        const own = seen.filter(({ labels }) => labels['komodo.dev/owner'] === request.owner)
        expect(own.map(({ action }) => action)).toEqual(expect.arrayContaining(['create', 'start', 'die', 'destroy']))
        expect(new Set(own.map(({ name }) => name))).toEqual(new Set([request.name]))
      })
    })

    describe('a repository', () => {
      const request = (suffix: string, changes: Partial<RepoRequest> = {}): RepoRequest => ({
        owner: `default/${fixture.name(suffix)}`,
        directory: fixture.name(suffix),
        tree: { revision: 'c1', read: async () => undefined, writeTo: async () => {} },
        hash: 'h1',
        environment: [],
        envFilePath: '.env',
        secrets: [],
        ...changes,
      })

      it('is seen with what it was pulled from, and not before', async () => {
        const wanted = request('seen')
        expect(await fixture.host.observeRepo(wanted, signal)).toBeUndefined()
        const { directory } = await fixture.host.pullRepo(wanted, signal)
        expect(await fixture.host.observeRepo(wanted, signal)).toEqual({ directory, revision: 'c1', hash: 'h1' })
        await fixture.host.pullRepo({ ...wanted, hash: 'h2' }, signal)
        expect(await fixture.host.observeRepo(wanted, signal)).toMatchObject({ hash: 'h2' })
      })

      it("is nobody else's: not seen, not taken over, not removed", async () => {
        const wanted = request('mine')
        await fixture.host.pullRepo(wanted, signal)
        const theirs = { ...wanted, owner: 'default/other' }
        expect(await fixture.host.observeRepo(theirs, signal)).toBeUndefined()
        await expect(fixture.host.pullRepo(theirs, signal)).rejects.toMatchObject({ reason: 'DirectoryTaken' })
        await fixture.host.removeRepo(theirs, signal)
        expect(await fixture.host.observeRepo(wanted, signal)).toBeDefined()
      })

      it('is removed by the path that was told, and gone counts as removed', async () => {
        const wanted = request('gone')
        const { directory } = await fixture.host.pullRepo(wanted, signal)
        for (let i = 0; i < 2; i++)
          expect(await fixture.host.removeRepo({ ...wanted, directory }, signal)).toEqual({ left: [] })
        expect(await fixture.host.observeRepo(wanted, signal)).toBeUndefined()
      })
    })

    describe('a call', () => {
      it('whose signal is aborted rejects with its reason', async () => {
        const reason = new Error('enough')
        await expect(fixture.host.observeContainer('x1', AbortSignal.abort(reason))).rejects.toBe(reason)
        const place = { owner: 'default/x1', directory: 'x1' }
        await expect(fixture.host.observeRepo(place, AbortSignal.abort(reason))).rejects.toBe(reason)
        await expect(fixture.host.composeDown('x1', { removeOrphans: true }, AbortSignal.abort(reason))).rejects.toBe(
          reason,
        )
      })
    })
  })
}
