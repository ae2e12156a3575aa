import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitUntil } from '../harness/wait-until.ts'
import {
  busybox,
  canSetScene,
  deploymentBlock,
  localServer,
  type Scene,
  setScene,
  stackBlock,
  web1,
  web2,
} from './scene.ts'

describe.runIf(canSetScene())('a git commit becomes running containers', () => {
  let scene: Scene
  let web: string
  let stack: string
  const files = (image: string, greeting = 'hello') => ({
    'servers.toml': localServer,
    'variables.toml': `[[variable]]\nname = "GREETING"\nvalue = "${greeting}"\n`,
    'apps/web.toml': deploymentBlock(web, image, 'environment = """\nGREETING = [[GREETING]]\n"""'),
    'apps/stack.toml': stackBlock(
      stack,
      `services:\n  app:\n    image: ${busybox}\n    init: true\n    command: ["sleep", "1000"]`,
      '',
      `deploy = true\nafter = ["${web}"]`,
    ),
  })
  const containerId = (name: string) => scene.docker('inspect', '--format', '{{.Id}}', name)

  beforeAll(async () => {
    scene = await setScene()
    web = `${scene.prefix}-web`
    stack = `${scene.prefix}-stack`
    await scene.push(files(web1), 'Declare everything')
    await scene.operator.ready('resourcesyncs', 'e2e')
    await scene.operator.ready('deployments.komodo.dev', web)
    await scene.operator.ready('stacks', stack)
  })
  afterAll(() => scene?.close())

  it('runs what the commit declares, with variables resolved', async () => {
    expect(await scene.docker('inspect', '--format', '{{.Config.Image}} {{.State.Status}}', web)).toBe(
      `${web1} running`,
    )
    expect(await scene.docker('exec', web, 'sh', '-c', 'echo $GREETING')).toBe('hello')
    expect(await scene.docker('inspect', '--format', '{{.State.Status}}', `${stack}-app-1`)).toBe('running')
  })

  it('shows all of it to kubectl', async () => {
    const { stdout } = await scene.operator.kubectl('get', 'komodo')
    expect(stdout).toMatch(new RegExp(`deployment\\.komodo\\.dev/${web} +True`))
    expect(stdout).toMatch(new RegExp(`stack\\.komodo\\.dev/${stack} +True`))
    expect(stdout).toMatch(/resourcesync\.komodo\.dev\/e2e +True/)
  })

  it('is quiet when nothing changed: no object gets a new resourceVersion', async () => {
    const versions = async () =>
      (
        await scene.operator.kubectl(
          'get',
          'komodo',
          '-o',
          'custom-columns=N:.metadata.name,V:.metadata.resourceVersion,G:.metadata.generation',
        )
      ).stdout
    await scene.operator.kubectl(
      'annotate',
      '--overwrite',
      `deployment.komodo.dev/${web}`,
      'reconcile.komodo.dev/requestedAt=quiet',
    )
    await waitUntil('the request to be handled', async () =>
      (await scene.operator.get('deployments.komodo.dev', web))?.status?.lastHandledReconcileAt === 'quiet'
        ? true
        : undefined,
    )
    const before = await versions()
    await scene.operator.kubectl('annotate', '--overwrite', 'configmap/kube-root-ca.crt', 'touched=1')
    await scene.operator.kubectl('annotate', 'server.komodo.dev/local', 'unrelated=1')
    await waitUntil('the annotation to be there', async () =>
      (await scene.operator.get('servers.komodo.dev', 'local'))?.metadata.annotations?.unrelated ? true : undefined,
    )
    const after = await versions()
    const others = (text: string) => text.split('\n').filter((line) => !line.startsWith('local '))
    expect(others(after)).toEqual(others(before))
  })

  it('rolls the container whose image tag changed, and nothing else', async () => {
    const before = { web: await containerId(web), app: await containerId(`${stack}-app-1`) }
    await scene.push(files(web2), 'Use web 2')
    await waitUntil('the new image', async () =>
      (await scene.docker('inspect', '--format', '{{.Config.Image}}', web).catch(() => '')) === web2 ? true : undefined,
    )
    await scene.operator.ready('deployments.komodo.dev', web)
    expect(await containerId(web)).not.toBe(before.web)
    expect(await scene.docker('ps', '--all', '--filter', `name=${web}`, '--format', '{{.Names}}')).toBe(web)
    await scene.operator.ready('stacks', stack)
    expect(await containerId(`${stack}-app-1`)).toBe(before.app)
  })

  it('tells the story in events and in the plan', async () => {
    const { stdout: events } = await scene.operator.kubectl('events', '--for', `deployment.komodo.dev/${web}`)
    expect(events).toContain(web2)
    const { stdout: plan } = await scene.operator.komodo('plan', 'e2e', '--applied')
    expect(plan).toContain(`~ update Deployment ${web}`)
    expect(plan).toContain(web2)
    expect(plan).toContain('apps/web.toml:')
  })

  it('redeploys exactly what uses a variable when it changes', async () => {
    const app = await containerId(`${stack}-app-1`)
    await scene.push(files(web2, 'good evening'), 'Greet differently')
    await waitUntil('the new greeting', async () =>
      (await scene.docker('exec', web, 'sh', '-c', 'echo $GREETING').catch(() => '')) === 'good evening'
        ? true
        : undefined,
    )
    await scene.operator.ready('stacks', stack)
    expect(await containerId(`${stack}-app-1`)).toBe(app)
  })
})
