import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDocker, withDocker } from '../harness/docker.ts'
import { TestOperator } from '../harness/operator.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { busybox, canSetScene, localServer, web1, web2 } from './scene.ts'

const PASSWORD = 'correct horse'

/** What was started by hand, before anybody knew of us, becomes ours without a restart. */
describe.runIf(canSetScene())('containers and projects that run already', () => {
  let place: TestDocker
  let operator: TestOperator
  let work: string
  let web: string
  let project: string

  const komodo = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const cli = path.resolve(import.meta.dirname, '../../cli/bin/komodo')
      execFile(cli, ['--kubeconfig', operator.kubeconfig, ...args], { cwd: work }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      )
    })
  const apply = async (): Promise<void> => {
    const { code, stderr } = await komodo('apply', '--yes', 'found.toml')
    if (code !== 0) throw new Error(stderr)
  }
  const edit = (change: (text: string) => string): void => {
    const file = path.join(work, 'found.toml')
    writeFileSync(file, change(readFileSync(file, 'utf8')))
  }
  const run = (name: string) => place.docker('inspect', '--format', '{{.Id}} {{.State.StartedAt}}', name)
  const compose = (seconds: number) =>
    `services:\n  app:\n    image: ${busybox}\n    init: true\n    network_mode: none\n    env_file: [app.env]\n    command: ["sleep", "${seconds}"]\n    stop_grace_period: 0s\n`

  beforeAll(async () => {
    place = withDocker()
    web = `${place.prefix}-web`
    project = `${place.prefix}-project`
    work = mkdtempSync(path.join(tmpdir(), 'komodo-adopt-'))
    mkdirSync(path.join(place.directory, 'app'))
    writeFileSync(path.join(place.directory, 'app/compose.yaml'), compose(1000))
    writeFileSync(path.join(place.directory, 'app/app.env'), 'MODE=old\n')
    const file = path.join(place.directory, 'app/compose.yaml')
    await place.docker('compose', '-p', project, '-f', file, 'up', '-d')
    const settings = ['--network', 'none', '--restart', 'unless-stopped', '--memory', '64m', '--stop-timeout', '1']
    const env = ['-e', 'GREETING=hello # world', '-e', `DB_PASSWORD=${PASSWORD}`, '-e', 'SHELL_LIKE=[[NOT_OURS]]']
    await place.docker('run', '-d', '--name', web, ...settings, ...env, '-v', '/data', '--label', 'team=shop', web1)
    operator = await TestOperator.start(path.join(work, 'operator'), place.environment)
    writeFileSync(path.join(work, 'server.toml'), localServer)
    await komodo('apply', '--yes', 'server.toml')
    await operator.ready('servers', 'local')
  })
  afterAll(async () => {
    await operator?.stop()
    await place?.docker('compose', '-p', project, 'down', '-t', '0')
    await place?.[Symbol.asyncDispose]()
    rmSync(work, { recursive: true, force: true })
  })

  it('become TOML that observes them, secret values left out', async () => {
    const only = ['--only', web, '--only', project]
    const { code, stdout, stderr } = await komodo('import', 'server', 'local', ...only)
    expect(code, stderr).toBe(0)
    expect(stdout).toContain(`name = "${project}"`)
    expect(stdout).toContain(`image.params.image = "${web1}"`)
    expect(stdout).toContain('"--memory=67108864"')
    expect(stdout).not.toContain('deploy = true')
    expect(stdout + stderr).not.toContain(PASSWORD)
    expect(stderr).toContain('1 secret value left out')
  })

  it('leave no copy of their environment in the API', async () => {
    await waitUntil('the inventory to be gone', async () => {
      const { stdout } = await operator.kubectl('get', 'secrets', '-o', 'name')
      return !stdout.includes('local-inventory')
    })
  })

  it('are Ready while they are only observed, and nothing restarts', async () => {
    const before = [await run(web), await run(`${project}-app-1`)]
    const only = ['--only', web, '--only', project]
    const { code, stderr } = await komodo(
      'import',
      'server',
      'local',
      ...only,
      '--secrets',
      'variables',
      '-f',
      'found.toml',
    )
    expect(code, stderr).toBe(0)
    expect(readFileSync(path.join(work, 'found.toml'), 'utf8')).not.toContain(PASSWORD)
    await apply()
    await operator.ready('deployments.komodo.dev', web)
    await operator.ready('stacks', project)
    expect([await run(web), await run(`${project}-app-1`)]).toEqual(before)
  })

  it('are taken over with deploy = true, and nothing restarts', async () => {
    const before = [await run(web), await run(`${project}-app-1`)]
    edit((text) => text.replaceAll(/^name = "kop.*$/gm, '$&\ndeploy = true'))
    await apply()
    await operator.until('deployments.komodo.dev', web, ({ status }) => taken(status?.adopted))
    await operator.until('stacks', project, ({ status }) => status?.project === project)
    await operator.ready('deployments.komodo.dev', web)
    await operator.ready('stacks', project)
    expect([await run(web), await run(`${project}-app-1`)]).toEqual(before)
  })

  it('survive a restart of the controller as they are', async () => {
    const before = [await run(web), await run(`${project}-app-1`)]
    await operator.restart()
    await komodo('get', 'stack')
    await operator.ready('deployments.komodo.dev', web)
    expect([await run(web), await run(`${project}-app-1`)]).toEqual(before)
  })

  it('roll when the declaration changes, with all that they had', async () => {
    const [before] = (await run(web)).split(' ')
    edit((text) => text.replace(web1, web2))
    await apply()
    await operator.until('deployments.komodo.dev', web, ({ status }) => status?.image === web2)
    await operator.ready('deployments.komodo.dev', web)
    const [after] = (await run(web)).split(' ')
    expect(after).not.toBe(before)
    const environment = await place.docker('inspect', '--format', '{{json .Config.Env}}', web)
    expect(JSON.parse(environment)).toEqual(
      expect.arrayContaining([`DB_PASSWORD=${PASSWORD}`, 'GREETING=hello # world', 'SHELL_LIKE=[[NOT_OURS]]']),
    )
    const facts =
      '{{.HostConfig.Memory}} {{.HostConfig.NetworkMode}} {{.HostConfig.RestartPolicy.Name}} {{.Config.Labels.team}}'
    expect(await place.docker('inspect', '--format', facts, web)).toBe('67108864 none unless-stopped shop')
  })

  it('roll the project when its files on the host change', async () => {
    writeFileSync(path.join(place.directory, 'app/compose.yaml'), compose(2000))
    await komodo('deploy', `stack/${project}`)
    await operator.ready('stacks', project)
    expect(await place.docker('inspect', '--format', '{{.Config.Cmd}}', `${project}-app-1`)).toBe('[sleep 2000]')
  })
})

/** As its Periphery starts them: `docker run` for a Deployment, and a directory of the same layout for Stacks. */
describe.runIf(canSetScene())('what Komodo itself deployed from the same TOML', () => {
  let place: TestDocker
  let operator: TestOperator
  let work: string

  beforeAll(async () => {
    place = withDocker()
    work = mkdtempSync(path.join(tmpdir(), 'komodo-beside-'))
    operator = await TestOperator.start(work, place.environment)
  })
  afterAll(async () => {
    await operator?.stop()
    await place?.[Symbol.asyncDispose]()
    rmSync(work, { recursive: true, force: true })
  })

  const applyToml = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const cli = path.resolve(import.meta.dirname, '../../cli/bin/komodo')
      writeFileSync(path.join(work, 'all.toml'), text)
      const flags = ['--kubeconfig', operator.kubeconfig, 'apply', '--yes', 'all.toml']
      execFile(cli, flags, { cwd: work }, (error, _, stderr) =>
        error === null ? resolve() : reject(new Error(stderr)),
      )
    })
  const run = (name: string) => place.docker('inspect', '--format', '{{.Id}} {{.State.StartedAt}}', name)

  it('a Deployment goes on as it runs, once it names its container', async () => {
    const name = `${place.prefix}-web`
    const flags = [
      '--network',
      'none',
      '-v',
      '/tmp:/mnt',
      '--env',
      'A=b c',
      '--restart',
      'on-failure:10',
      '--label',
      'team=shop',
    ]
    const id = await place.docker('run', '-d', '--name', name, ...flags, '--memory=64m', web1)
    const before = await run(name)
    await applyToml(`${localServer}
[[deployment]]
name = "${name}"
deploy = true
[deployment.config]
server = "local"
image.type = "Image"
image.params.image = "${web1}"
network = "none"
restart = "on-failure"
volumes = "/tmp:/mnt"
environment = "A=b c"
labels = "team: shop"
extra_args = ["--memory=64m"]
[deployment.operator]
adopt = "${id}"
`)
    await operator.ready('deployments.komodo.dev', name)
    expect(await run(name)).toBe(before)
  })

  it('a Stack goes on as it runs, from the directory where Periphery has it', async () => {
    const name = `${place.prefix}-stack`
    const directory = path.join(work, 'data/stacks', name)
    const contents = `services:
  app:
    image: ${busybox}
    init: true
    network_mode: none
    command: ["sleep", "1000"]
    stop_grace_period: 0s
    environment: ["MODE=\${MODE}"]
    volumes: ["./data:/data"]
`
    mkdirSync(path.join(directory, 'data'), { recursive: true })
    writeFileSync(path.join(directory, 'compose.yaml'), contents)
    writeFileSync(path.join(directory, '.env'), 'MODE=prod\n')
    const file = path.join(directory, 'compose.yaml')
    const env = path.join(directory, '.env')
    await place.docker('compose', '-p', name, '-f', file, '--env-file', env, 'up', '-d')
    const before = await run(`${name}-app-1`)
    await applyToml(`${localServer}
[[stack]]
name = "${name}"
deploy = true
[stack.config]
server = "local"
auto_pull = false
environment = "MODE=prod"
file_contents = """
${contents}"""
`)
    await operator.ready('stacks', name)
    expect(await run(`${name}-app-1`)).toBe(before)
  })
})

const taken = (adopted: unknown): boolean => (adopted as { since?: string } | undefined)?.since !== undefined
