import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubectlFor } from '../harness/kubectl.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { canSetScene, deploymentBlock, localServer, type Scene, setScene, web1 } from './scene.ts'

// With the real kubectl, which names itself as the manager of what it changes.
describe.runIf(canSetScene())('what people do with kubectl goes into git', () => {
  let scene: Scene
  let web: string
  const file = (path: string): string => {
    const { git } = scene.repository
    return git('ls-tree', '--name-only', 'main', '--', path) === '' ? '' : git('show', `main:${path}`)
  }
  const holds = (path: string, text: string | RegExp) =>
    waitUntil(
      `${path} to hold ${text}`,
      () => (typeof text === 'string' ? file(path).includes(text) : text.test(file(path))) || undefined,
      {
        timeoutMs: 30_000,
      },
    )
  const kubectl = async (...args: string[]) => {
    const { code, stderr } = await scene.operator.kubectl(...args)
    expect(`${code} ${stderr}`).toMatch(/^0 /)
  }

  beforeAll(async () => {
    const writeBack = { newObjects: 'new/{kind}s.toml', message: 'komodo: {objects}' }
    scene = await setScene({ sync: { managed: true, delete: true }, operator: { writeBack } })
    web = `${scene.prefix}-web`
    await scene.push({
      'servers.toml': localServer,
      'apps/web.toml': `# the shop\n${deploymentBlock(web, web1, 'restart = "no" # for now', '')}`,
    })
    await scene.operator.ready('resourcesyncs', 'e2e')
  })
  afterAll(() => scene?.close())

  it('a patch, in the line it concerns', async () => {
    const before = file('apps/web.toml')
    const patch = JSON.stringify({ spec: { restart: 'always' } })
    await kubectl('patch', `deployments.komodo.dev/${web}`, '--type=merge', '-p', patch)
    await holds('apps/web.toml', 'restart = "always" # for now')
    expect(file('apps/web.toml')).toBe(before.replace('"no"', '"always"'))
    expect(scene.repository.git('log', '-1', '--format=%an %s', 'main').trim()).toBe(
      `Komodo Operator komodo: Deployment ${web}`,
    )
  })

  it('an edit and a push of another clone at the same time: both are there', async () => {
    let raced = false
    scene.git.intercept = (request) => {
      if (request.method === 'POST' && request.url?.includes('git-receive-pack') && !raced) {
        raced = true
        const text = file('apps/web.toml').replace('# the shop', '# the shop, renovated')
        scene.repository.commit({ 'servers.toml': localServer, 'apps/web.toml': text })
      }
      return false
    }
    const { kubeconfig, dir } = scene.operator
    const env = { KUBE_EDITOR: "sed -i 's/^  command: .*/  command: sleep 60/'" }
    const edit = ['edit', `deployments.komodo.dev/${web}`]
    const tool = kubectlFor({ kubeconfig, home: path.join(dir, 'home'), namespace: 'default' })
    expect(await tool.kubectl(edit, { env })).toMatchObject({ code: 0 })
    await holds('apps/web.toml', 'command = "sleep 60"')
    scene.git.intercept = undefined
    expect(raced).toBe(true)
    expect(file('apps/web.toml')).toContain('# the shop, renovated')
    expect(file('apps/web.toml')).toContain('restart = "always" # for now')
  })

  it('a new object, in the file that the sync names, and its deletion', async () => {
    await scene.operator.apply({
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'Variable',
      metadata: {
        name: 'greeting',
        namespace: 'default',
        annotations: { 'komodo.dev/sync': 'e2e', 'komodo.dev/name': 'GREETING' },
      },
      spec: { value: 'hello' },
    })
    await holds('new/variables.toml', '[[variable]]\nname = "GREETING"\nvalue = "hello"\n')
    await scene.operator.until(
      'variables',
      'greeting',
      ({ metadata }) => metadata.annotations?.['komodo.dev/sync'] === 'default/e2e',
    )
    await scene.operator.ready('resourcesyncs', 'e2e')
    await kubectl('delete', 'variable', 'greeting', '--wait=false')
    await holds('new/variables.toml', /^$/)
  })

  it('is told on the object and on the sync', async () => {
    const events = (await scene.operator.kubectl('get', 'events', '-o', 'custom-columns=R:.reason,M:.message')).stdout
    expect(events).toMatch(/WrittenBack +written back to apps\/web\.toml:\d+ in commit [0-9a-f]{10}/)
    expect(events).toMatch(
      new RegExp(
        `WrittenBack +commit [0-9a-f]{10}: Deployment ${web}: restart \\(apps/web\\.toml:\\d+, by kubectl-patch\\)`,
      ),
    )
  })
})
