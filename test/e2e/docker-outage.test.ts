import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PrivateDocker, startPrivateDocker } from '../harness/docker.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { busybox, canSetScene, deploymentBlock, localServer, type Scene, setScene, stackBlock, web1 } from './scene.ts'

describe.runIf(canSetScene())('a Docker Engine that goes away', () => {
  let engine: PrivateDocker | undefined
  let scene: Scene
  let web: string
  let stack: string
  let withoutStack: string

  beforeAll(async () => {
    engine = await startPrivateDocker('outage')
    if (engine === undefined) return
    scene = await setScene({ docker: engine.environment, sync: { delete: true } })
    web = `${scene.prefix}-web`
    stack = `${scene.prefix}-stack`
    withoutStack = `${localServer}\n${deploymentBlock(web, web1)}`
    await scene.push({
      'all.toml': `${withoutStack}
${stackBlock(stack, `services:\n  app:\n    image: ${busybox}\n    init: true\n    command: ["sleep", "1000"]`)}`,
    })
    await scene.operator.ready('deployments.komodo.dev', web)
    await scene.operator.ready('stacks', stack)
  })
  afterAll(async () => {
    await scene?.close()
    await engine?.[Symbol.asyncDispose]()
  })

  it('is told, loses no deletion, and heals without a human when it is back', { timeout: 400_000 }, async ({
    skip,
  }) => {
    if (engine === undefined) return skip('needs root for an engine of its own')
    await engine.stop()
    expect(await scene.operator.condition('servers.komodo.dev', 'local', 'Ready', 'False')).toMatch(/docker/i)
    await scene.operator.condition('deployments.komodo.dev', web, 'Ready', 'False')
    await scene.push({ 'all.toml': withoutStack }, 'Remove the stack')
    const why = await waitUntil('the deletion to say what it waits for', async () => {
      const object = await scene.operator.get('stacks', stack)
      const text = JSON.stringify(object?.status?.conditions ?? '')
      return text.includes('force') ? text : undefined
    })
    expect(why).toContain('komodo.dev/force-delete')

    await engine.start()
    await scene.operator.ready('deployments.komodo.dev', web, 120_000)
    expect(await scene.docker('inspect', '--format', '{{.State.Running}}', web)).toBe('true')
    await scene.operator.gone('stacks', stack)
    expect(await scene.docker('ps', '--all', '--quiet', '--filter', `name=${stack}`)).toBe('')
  })
})
