import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GitRepository } from '../harness/git-server.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { busybox, canSetScene, localServer, type Scene, setScene } from './scene.ts'

const token = 'canary-repo-77c1'

describe.runIf(canSetScene())('a Repo on a real host', () => {
  let scene: Scene
  let app: GitRepository
  let stack: string
  const compose = (more = '') =>
    `services:\n  app:\n    image: ${busybox}\n    init: true\n    network_mode: none\n    command: ["sleep", "1000"]\n    environment: { TAG: "\${TAG}", MADE: "\${MADE}" }\n${more}`
  const directory = () => path.join(scene.operator.dir, 'data/repos/app')
  const read = (file: string) => readFileSync(path.join(directory(), file), 'utf8')
  const env = (name: string) => scene.docker('exec', `${stack}-app-1`, 'sh', '-c', `echo $${name}`)

  const declared = (tag = '1') => `${localServer}
[[repo]]
name = "app"
operator.url = "${app.url}"
operator.credentials = "git"
operator.interval = "1h"
[repo.config]
server = "local"
environment = "TAG = ${tag}"
on_clone.command = "echo cloned >> made.log"
on_pull.command = """
# what the stack needs
echo pulled >> made.log
echo MADE=$(cat version) > made.env
"""

[[stack]]
name = "${stack}"
deploy = true
[stack.config]
server = "local"
auto_pull = false
linked_repo = "app"
run_directory = "stack"
additional_env_files = ["../made.env", "../.env"]
`

  beforeAll(async () => {
    scene = await setScene({ credentials: { username: 'ann', password: token }, sync: { delete: true } })
    stack = `${scene.prefix}-linked`
    app = await scene.git.create('app')
    app.commit({ version: 'one', 'stack/compose.yaml': compose() }, { message: 'First' })
    await scene.apply({ 'all.toml': declared() })
    await scene.operator.ready('repos', 'app')
    await scene.operator.ready('stacks', stack)
  })
  afterAll(() => scene?.close())

  it('is cloned with its env file, on_clone once and on_pull, and kubectl shows the commit', async () => {
    expect([read('version'), read('.env'), read('made.log')]).toEqual(['one', 'TAG=1\n', 'cloned\npulled\n'])
    const { stdout } = await scene.operator.kubectl('get', 'repos')
    expect(stdout).toContain(app.git('rev-parse', 'main').trim())
  })

  it('gives a Stack that links it its files, its environment, and what its commands make', async () => {
    expect([await env('TAG'), await env('MADE')]).toEqual(['1', 'one'])
  })

  it('is pulled, and its Stack deployed, by a push once somebody says so; on_clone does not run again', async () => {
    app.commit({ version: 'two', 'stack/compose.yaml': compose('    labels: { v: "2" }\n') })
    await scene.operator.kubectl('annotate', 'repo/app', 'reconcile.komodo.dev/requestedAt=push')
    await waitUntil('the new commit in the container', async () =>
      (await env('MADE').catch(() => '')) === 'two' ? true : undefined,
    )
    await scene.operator.ready('repos', 'app')
    expect([read('version'), read('made.log')]).toEqual(['two', 'cloned\npulled\npulled\n'])
  })

  it('is pulled again when somebody asks, and not while nothing changes', async () => {
    const asked = await scene.operator.komodo('deploy', 'repo/app')
    expect([asked.code, asked.stdout]).toEqual([0, 'Repo app is pulled\n'])
    expect(read('made.log')).toBe('cloned\npulled\npulled\npulled\n')
    await scene.operator.kubectl('annotate', '--overwrite', 'repo/app', 'reconcile.komodo.dev/requestedAt=again')
    await scene.operator.until('repos', 'app', ({ status }) => status?.lastHandledReconcileAt === 'again')
    expect(read('made.log')).toBe('cloned\npulled\npulled\npulled\n')
  })

  it('says what a failing command printed, and keeps its files', async () => {
    await scene.apply({ 'all.toml': declared().replace('echo pulled >> made.log', 'echo it is broken; exit 7') })
    const said = await scene.operator.condition('repos', 'app', 'Pulled', 'False', { reason: 'OnPullFailed' })
    expect(said).toContain('On Pull failed: it is broken')
    expect(read('version')).toBe('two')
  })

  it('leaves the token nowhere on the host, and no .git', async () => {
    expect(existsSync(path.join(directory(), '.git'))).toBe(false)
    const found = spawnSync('grep', ['-rlaF', token, path.join(scene.operator.dir, 'data')], { encoding: 'utf8' })
    for (const file of found.stdout.split('\n').filter((line) => line !== '')) expect(file).toMatch(/api\.db|\/api\//)
    expect(scene.operator.logTail()).not.toContain(token)
  })

  it('goes with its files when it is deleted; what commands made stays', async () => {
    await scene.apply({ 'all.toml': localServer })
    await scene.operator.gone('repos', 'app')
    expect(existsSync(path.join(directory(), 'version'))).toBe(false)
    expect(read('made.log')).toContain('pulled')
  })
})
