import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conditionOf } from '../../controller/api/meta.ts'
import { waitUntil } from '../harness/wait-until.ts'
import {
  brokenWeb,
  busybox,
  canSetScene,
  deploymentBlock,
  localServer,
  type Scene,
  setScene,
  stackBlock,
  web1,
} from './scene.ts'

describe.runIf(canSetScene())('what runs stays as declared', () => {
  let scene: Scene
  let web: string
  let watched: string
  let stack: string
  const running = async (name: string) =>
    (await scene.docker('inspect', '--format', '{{.State.Running}}', name).catch(() => '')) === 'true'
      ? true
      : undefined
  const files = (image: string) => ({
    'all.toml': `${localServer}
${deploymentBlock(web, image, '', 'deploy = true\n[deployment.operator]\nhealth_deadline = "8s"')}
${deploymentBlock(watched, web1, '', 'deploy = false')}
${stackBlock(stack, `services:\n  app:\n    image: ${busybox}\n    init: true\n    command: ["sleep", "1000"]`)}`,
  })

  beforeAll(async () => {
    scene = await setScene()
    web = `${scene.prefix}-web`
    watched = `${scene.prefix}-watched`
    stack = `${scene.prefix}-stack`
    await scene.push(files(web1))
    await scene.operator.ready('deployments.komodo.dev', web)
    await scene.operator.ready('stacks', stack)
  })
  afterAll(() => scene?.close())

  it('brings back a container that somebody removed', async () => {
    await scene.docker('rm', '--force', web)
    await waitUntil('the container to be back', () => running(web))
    await scene.operator.ready('deployments.komodo.dev', web)
  })

  it('starts a container that somebody stopped', async () => {
    await scene.docker('stop', web)
    await waitUntil('the container to run', () => running(web))
  })

  it('brings back a removed container of a stack', async () => {
    await scene.docker('rm', '--force', `${stack}-app-1`)
    await waitUntil('the service to be back', () => running(`${stack}-app-1`))
    await scene.operator.ready('stacks', stack)
  })

  it('touches nothing of what is deploy = false until it is asked', async () => {
    const condition = await waitUntil('an opinion about it', async () => {
      const object = await scene.operator.get('deployments.komodo.dev', watched)
      return object && conditionOf(object, 'Ready')
    })
    expect(condition.message).not.toBe('')
    expect(await running(watched)).toBeUndefined()
    const { code, stderr } = await scene.operator.komodo('deploy', `deployment/${watched}`, '--timeout', '60')
    expect(stderr).toContain('asked for a deploy')
    expect(code).toBe(0)
    expect(await running(watched)).toBe(true)
  })

  it('brings the old container back when the new one does not become healthy, and says why', async () => {
    const before = await scene.docker('inspect', '--format', '{{.Id}}', web)
    await scene.push(files(brokenWeb), 'Break it')
    const message = await scene.operator.condition('deployments.komodo.dev', web, 'Ready', 'False', {
      reason: 'RolledBack',
      timeoutMs: 90_000,
    })
    expect(message).toMatch(/health/i)
    expect(await scene.docker('inspect', '--format', '{{.Id}} {{.State.Running}}', web)).toBe(`${before} true`)
  })

  it('removes containers with their objects, and keeps the rest', async () => {
    await scene.operator.kubectl('delete', 'resourcesync', 'e2e', '--timeout=30s')
    expect((await scene.operator.kubectl('delete', 'deployments.komodo.dev', web, '--timeout=60s')).code).toBe(0)
    expect(await scene.docker('ps', '--all', '--quiet', '--filter', `name=${web}`)).toBe('')
    expect(await running(watched)).toBe(true)
  })
})
