import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ComposeRequest, Host, KeyValue } from '../../controller/hosts/port.ts'
import { dotenvValue } from '../../controller/reconcilers/interpolation/dotenv.ts'
import { Interpolation } from '../../controller/text/interpolate.ts'
import { envFile } from '../../periphery/env-file.ts'
import { composeRequest } from '../build/container-request.ts'
import { agentOn } from '../harness/agent.ts'
import { dockerEnvironment, type TestDocker, testImages, withDocker } from '../harness/docker.ts'
import { startRegistry } from '../harness/registry.ts'

/** What the real Compose makes of an env file. */
function composeReads(docker: TestDocker, environment: readonly KeyValue[]): Record<string, string> {
  const directory = path.join(docker.directory, 'env')
  mkdirSync(directory, { recursive: true })
  writeFileSync(path.join(directory, 'e.env'), envFile(environment))
  const lines = environment.map(({ key }) => `      ${key}: "\${${key}}"\n`).join('')
  writeFileSync(path.join(directory, 'compose.yaml'), `services:\n  a:\n    image: a\n    environment:\n${lines}`)
  const argv = ['compose', '--env-file', 'e.env', 'config', '--format', 'json']
  const json = execFileSync('docker', argv, { cwd: directory, env: docker.environment, encoding: 'utf8' })
  const config = JSON.parse(json) as { services: { a: { environment: Record<string, string> } } }
  return Object.fromEntries(
    Object.entries(config.services.a.environment).map(([key, value]) => [key, value.replaceAll('$$', '$')]),
  )
}

const pick = (around: readonly [written: string, before: string, after: string][], i: number) => {
  const [written = '', before = '', after = ''] = around[i % around.length] ?? []
  return { written, before, after }
}

const environment = dockerEnvironment()
const signal = AbortSignal.timeout(600_000)

describe.skipIf(!environment)('compose on a real Docker Engine', () => {
  let docker: TestDocker
  let host: Host
  let stacks: string
  beforeAll(() => {
    docker = withDocker(environment)
    ;({ host, stacks } = agentOn(docker))
  })
  afterEach(() => docker.clean())
  afterAll(async () => docker[Symbol.asyncDispose]())

  const sleep = `    image: ${testImages.busybox}\n    command: sleep 1000\n    network_mode: none\n    stop_grace_period: 0s\n`
  const web = `services:\n  web:\n${sleep}`
  const request = (suffix: string, contents: string, changes: Partial<ComposeRequest> = {}) => {
    const name = `${docker.prefix}-${suffix}`
    return composeRequest(contents, { stack: name, owner: `default/${name}`, project: name, ...changes })
  }
  const up = (request: ComposeRequest) => host.composeUp(request, signal)
  const tree = (files: Readonly<Record<string, string>>): ComposeRequest['source'] => ({
    type: 'tree',
    clonePath: '',
    tree: {
      revision: 'abc',
      read: async (file) => (file in files ? Buffer.from(files[file]!) : undefined),
      writeTo: async (directory) => {
        for (const [file, text] of Object.entries(files)) {
          mkdirSync(path.dirname(path.join(directory, file)), { recursive: true })
          writeFileSync(path.join(directory, file), text)
        }
      },
    },
  })

  describe('the environment', () => {
    it('is read by the rules of compose, as in Komodo: doubled dollars, quotes and other variables', async () => {
      const lines = ['HASH=ci:$$2y$$05$$x', 'QUOTED="a b"', "LITERAL='$HOME'", `OTHER=\${HASH}`].map((line) => {
        const at = line.indexOf('=')
        return { key: line.slice(0, at), value: line.slice(at + 1) }
      })
      const used = lines.map(({ key }) => `${key}: "\${${key}}"`).join(', ')
      const stack = request('rules', `${web}    environment: {${used}}\n`, { environment: lines })
      await up(stack)
      const script = 'printf "%s|" "$HASH" "$QUOTED" "$LITERAL" "$OTHER"'
      const printed = await docker.docker('exec', `${stack.project}-web-1`, 'sh', '-c', script)
      expect(printed).toBe('ci:$2y$05$x|a b|$HOME|ci:$2y$05$x|')
    })

    it('keeps a value with line breaks in one piece, whatever characters it holds', () => {
      const value = fc.string({ unit: fc.constantFrom(...'$${}\'"\\\n\r#=:` \tabné!-😀'), minLength: 1, maxLength: 12 })
      fc.assert(
        fc.property(fc.array(value, { minLength: 200, maxLength: 200 }), (texts) => {
          const values = texts.map((text, i) => `${text}\n${i}`)
          const environment = values.map((value, i) => ({ key: `V${i}`, value }))
          const read = composeReads(docker, environment)
          for (const { key, value } of environment) expect(read[key]).toBe(value)
        }),
        { numRuns: 5 },
      )
    })

    it('K#700, K#1434: takes secrets for exactly what they are, in any quotes, whatever characters they hold', () => {
      const special = fc.constantFrom(...'$${}\'"\\\n\r#=:` \tabné!-😀')
      const value = fc.string({ unit: special, minLength: 1, maxLength: 12 })
      const around: readonly [written: string, before: string, after: string][] = [
        ['[[S]]', '', ''],
        ['"[[S]]"', '', ''],
        ["'[[S]]'", '', ''],
        ['a-[[S]]-b', 'a-', '-b'],
        [`\${OTHER}\\n[[S]]`, 'other\\n', ''],
        [`"\${OTHER}\\t[[S]] # x"`, 'other\t', ' # x'],
        [`'\${OTHER} [[S]]'`, `\${OTHER} `, ''],
      ]
      const doubled = (text: string) => text.includes('$') && !text.replaceAll('$$', '').includes('$')
      fc.assert(
        fc.property(fc.array(value, { minLength: 200, maxLength: 200 }), (texts) => {
          const cases = texts.map((text, i) => ({ text, ...pick(around, i) }))
          const environment = cases.map(({ text, written }, i) => {
            const lookup = (name: string) => (name === 'S' ? { text, secret: true } : undefined)
            const values = new Interpolation(lookup, { environment: 'value' })
            return { key: `V${i}`, value: dotenvValue('environment', written, values) }
          })
          const read = composeReads(docker, [{ key: 'OTHER', value: 'other' }, ...environment])
          for (const [i, { text, written, before, after }] of cases.entries()) {
            // Escaped for Komodo, see `dotenvValue`.
            const meant = doubled(text) && !written.startsWith("'") ? text.replaceAll('$$', '$') : text
            expect(read[`V${i}`]).toBe(`${before}${meant}${after}`)
          }
        }),
        { numRuns: 5 },
      )
    })

    it('is written for its owner alone, and gone with the project', async () => {
      const stack = request('private', `${web}    environment: {A: "\${A}"}\n`, {
        environment: [{ key: 'A', value: 'pass word' }],
      })
      await up(stack)
      const directory = path.join(stacks, stack.stack)
      expect(statSync(directory).mode & 0o777).toBe(0o700)
      for (const file of ['.env', 'compose.yaml']) expect(statSync(path.join(directory, file)).mode & 0o777).toBe(0o600)
      const printed = await docker.docker('exec', `${stack.project}-web-1`, 'sh', '-c', 'echo "$A"')
      expect(printed).toBe('pass word')
      await host.composeDown(stack.project, { removeOrphans: true }, signal)
      expect(existsSync(path.join(directory, '.env'))).toBe(false)
    })

    it('K#1209: of one name in many stacks never mixes, however they are deployed at once', async () => {
      const stacks = Array.from({ length: 6 }, (_, i) =>
        request(`mix-${i}`, `${web}    environment: {DATABASE: "\${DATABASE}"}\n`, {
          environment: [{ key: 'DATABASE', value: `db-${i}` }],
          additionalEnvFiles: [{ path: 'x.env', track: false, contents: `OTHER=o-${i}\n` }],
        }),
      )
      await Promise.all(stacks.map(up))
      const used = await Promise.all(
        stacks.map(({ project }) => docker.docker('exec', `${project}-web-1`, 'sh', '-c', 'echo $DATABASE')),
      )
      expect(used).toEqual(stacks.map((_, i) => `db-${i}`))
    })

    it('that was decrypted is read by Compose, and is on no disk, in no argument and in no log', async () => {
      const canary = `canary-${docker.prefix}-sops`
      const stack = request('decrypted', '', {
        source: tree({
          'compose.yaml': `${web}    environment: {A: "\${A}", B: "\${B}"}\n`,
          'app.sops.env': 'A=ENC[x]\n',
        }),
        environment: [{ key: 'B', value: 'own' }],
        additionalEnvFiles: [{ path: 'app.sops.env', track: true, contents: `A=${canary}\nB=theirs\n` }],
        secrets: [canary],
        preDeploy: {
          path: '',
          command: `grep -rl ${canary.slice(0, -5)}'-sops' . | wc -l; stat -f -c %T /dev/shm; ls -ld /dev/shm/komodo-* | cut -c1-10 | sort -u`,
          shellMode: true,
        },
      })
      const { log } = await up(stack)
      expect(log.find(({ stage }) => stage === 'Pre Deploy')?.output).toBe('0\ntmpfs\ndrwx------\n')
      const printed = await docker.docker('exec', `${stack.project}-web-1`, 'sh', '-c', 'echo "$A $B"')
      expect(printed).toBe(`${canary} own`)
      expect(JSON.stringify(log)).not.toContain(canary)
      const directory = path.join(stacks, stack.stack)
      for (const file of readdirSync(directory)) {
        expect(readFileSync(path.join(directory, file), 'utf8')).not.toContain(canary)
      }
      const failed = await up({ ...stack, preDeploy: { path: '', command: 'exit 3', shellMode: true } }).catch((e) => e)
      expect(failed).toMatchObject({ reason: 'PreDeployFailed' })
      const memory = existsSync('/dev/shm') ? readdirSync('/dev/shm').filter((name) => name.startsWith('komodo-')) : []
      for (const name of memory) {
        for (const file of readdirSync(path.join('/dev/shm', name))) {
          expect(readFileSync(path.join('/dev/shm', name, file), 'utf8')).not.toContain(canary)
        }
      }
    })

    it('K#1636: in a file that services name (env_file) shows in no log and no error', async () => {
      const canary = `canary-${docker.prefix}-file`
      const service = `${web}    env_file: [app.env]\n`
      const good = request('env-file', '', {
        source: tree({ 'compose.yaml': service, 'app.env': `TOKEN=${canary}\n` }),
      })
      const { log } = await up(good)
      expect(await docker.docker('exec', `${good.project}-web-1`, 'sh', '-c', 'echo "$TOKEN"')).toBe(canary)
      expect(JSON.stringify(log)).not.toContain(canary)
      const bad = {
        ...good,
        source: tree({
          'compose.yaml': service.replace(/image: .*/, 'image: nowhere.invalid/x:1'),
          'app.env': `TOKEN=${canary}\n`,
        }),
      }
      const failures = [bad]
      for (const line of [`{"json": "${canary}"}`, `"${canary}`, `A='${canary}`, `A B=${canary}`]) {
        const files = { 'compose.yaml': service, 'app.env': `${line}\n`, 'more.env': `${line}\n` }
        failures.push({ ...good, source: tree(files) })
        const additionalEnvFiles = [{ path: 'more.env', track: true }]
        failures.push({ ...good, source: tree({ ...files, 'app.env': '' }), additionalEnvFiles })
      }
      for (const request of failures) {
        const failed = (await up(request).catch((error: unknown) => error)) as Error & { log: unknown }
        expect(failed).toBeInstanceOf(Error)
        expect(JSON.stringify([failed.message, failed.log])).not.toContain(canary)
      }
    })

    it('K#926, K#1086: becomes a file in the container, by a secret or config of Compose that takes it', async () => {
      const contents = `${web}    secrets: [token]\nsecrets: {token: {environment: TOKEN}}\nconfigs: {app: {content: "t=\${TOKEN}"}}\n`
      const stack = request('file', contents.replace('secrets: [token]', 'secrets: [token]\n    configs: [app]'), {
        environment: [{ key: 'TOKEN', value: 'canary-file' }],
      })
      await up(stack)
      const read = (file: string) => docker.docker('exec', `${stack.project}-web-1`, 'cat', file)
      expect(await read('/run/secrets/token')).toBe('canary-file')
      expect(await read('/app')).toBe('t=canary-file')
    })

    it('that became empty leaves no old values behind', async () => {
      const stack = request('emptied', web, { environment: [{ key: 'A', value: 'x' }] })
      await up(stack)
      await up({ ...stack, environment: [] })
      expect(readdirSync(path.join(stacks, stack.stack)).sort()).toEqual(['compose.yaml'])
    })
  })

  describe('files', () => {
    it('may be several, from a tree, in a run directory, with further env files', async () => {
      const files = {
        'app/a.yaml': `services:\n  web:\n${sleep}    environment: {A: "\${A}", B: "\${B}"}\n`,
        'app/b.yaml': 'services:\n  web:\n    labels: {from: b}\n',
        'app/more.env': 'A=more\nB=more\n',
      }
      const stack = request('tree', '', {
        source: tree(files),
        runDirectory: 'app',
        filePaths: ['a.yaml', 'b.yaml'],
        environment: [{ key: 'B', value: 'own' }],
        additionalEnvFiles: [
          { path: 'more.env', track: true },
          { path: 'absent.env', track: false },
        ],
      })
      await up(stack)
      const printed = await docker.docker('exec', `${stack.project}-web-1`, 'sh', '-c', 'echo $A $B')
      expect(printed).toBe('more own')
      const read = await host.readFiles(stack.stack, 'app', ['a.yaml', 'none'], signal)
      expect(Buffer.from(read.get('a.yaml')!).toString()).toBe(files['app/a.yaml'])
      expect(read.get('none')).toBeUndefined()
    })

    it('that are missing are named, and nothing runs', async () => {
      const stack = request('missing', '', {
        source: tree({ 'compose.yaml': web }),
        filePaths: ['compose.yaml', 'gone.yaml'],
        additionalEnvFiles: [{ path: 'gone.env', track: true }],
      })
      await expect(up(stack)).rejects.toMatchObject({
        reason: 'MissingFiles',
        message: expect.stringContaining('Missing files: gone.yaml, gone.env'),
      })
      expect((await host.observeProject(stack.project, signal)).containers).toEqual([])
    })

    it('on the host may be in an allowed directory, and nowhere else', async () => {
      const directory = path.join(docker.directory, 'allowed/app')
      mkdirSync(directory, { recursive: true })
      writeFileSync(path.join(directory, 'compose.yaml'), web)
      const stack = request('host', '', { source: { type: 'host' }, runDirectory: directory })
      await up(stack)
      expect((await host.observeProject(stack.project, signal)).containers).toHaveLength(1)
      await expect(up({ ...stack, runDirectory: '/etc' })).rejects.toMatchObject({ reason: 'PathOutsideRoot' })
    })

    for (const filePath of ['../../escape.yaml', '/etc/escape.yaml']) {
      it(`are never written to ${filePath}`, async () => {
        await expect(up(request('escape', web, { filePaths: [filePath] }))).rejects.toMatchObject({
          reason: 'PathOutsideRoot',
        })
        expect(existsSync('/etc/escape.yaml') || existsSync(path.join(docker.directory, 'escape.yaml'))).toBe(false)
      })
    }

    it('that do not fit on a full disk are refused as such, and work once there is room', async ({ skip }) => {
      if (process.getuid?.() !== 0) skip('needs root to mount a small disk')
      const small = path.join(docker.directory, 'small')
      mkdirSync(small)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small])
      try {
        const { host: cramped, stacks: files } = agentOn({ ...docker, directory: small })
        const stack = request('full', web, { environment: [{ key: 'A', value: 'x'.repeat(100_000) }] })
        await expect(cramped.composeUp(stack, signal)).rejects.toMatchObject({
          reason: 'NoSpace',
          message: expect.stringContaining('the disk is full'),
        })
        expect(readdirSync(path.join(files, stack.stack))).not.toContain('.env')
        await cramped.composeUp({ ...stack, environment: [] }, signal)
        expect((await host.observeProject(stack.project, signal)).containers).toHaveLength(1)
      } finally {
        execFileSync('umount', [small])
      }
    })
  })

  describe('stages', () => {
    it('run in order, commands in their directories, and only the wrapped ones through the wrapper', async () => {
      const stack = request('stages', '', {
        source: tree({ 'compose.yaml': web, 'scripts/x': '' }),
        preDeploy: { path: 'scripts', command: 'basename "$PWD"\necho pre', shellMode: false },
        postDeploy: { path: '', command: 'echo post', shellMode: true },
        wrapper: "echo wrapped\nsh -c '[[COMPOSE_COMMAND]]'",
      })
      const { log } = await up(stack)
      expect(log.map(({ stage, success }) => `${stage} ${success}`)).toEqual([
        'Pre Deploy true',
        'Compose Config true',
        'Compose Pull true',
        'Compose Up true',
        'Post Deploy true',
      ])
      expect(log[0]?.output).toBe('scripts\npre\n')
      expect(log[3]?.output).toMatch(/^wrapped\n/)
    })

    it('announce the hashes that containers carry, for every kind of service', async () => {
      const service = (name: string, more: string) => `  ${name}:\n${sleep}${more}`
      const compose = [
        'services:\n',
        service('env', '    env_file: [more.env]\n'),
        service('after', '    depends_on: [env]\n'),
        service('many', '    deploy: {replicas: 2}\n'),
        service('config', '    configs: [c]\n'),
        service('none', '    scale: 0\n'),
        `  shared:\n    image: ${testImages.busybox}\n    command: sleep 1000\n    network_mode: service:env\n    stop_grace_period: 0s\n`,
        'configs: {c: {file: more.env}}\n',
      ].join('')
      const stack = request('hashes', '', { source: tree({ 'compose.yaml': compose, 'more.env': 'A=1\n' }) })
      const { services } = await up(stack)
      const { containers } = await host.observeProject(stack.project, signal)
      expect(containers).toHaveLength(6)
      for (const { service, configHash } of containers) {
        expect(services.find(({ name }) => name === service)?.configHash, service).toBe(configHash)
      }
      expect(services.find(({ name }) => name === 'none')).toMatchObject({ replicas: 0, configHash: '' })
    })

    it('end at the first that fails', async () => {
      const stack = request('fails', web, { preDeploy: { path: '', command: 'echo no\nexit 7', shellMode: false } })
      await expect(up(stack)).rejects.toMatchObject({
        reason: 'PreDeployFailed',
        message: 'Pre Deploy failed: no',
        log: [{ stage: 'Pre Deploy', success: false, output: 'no\n' }],
      })
    })

    it('refuse a wrapper without its placeholder', async () => {
      await expect(up(request('wrapper', web, { wrapper: 'echo' }))).rejects.toMatchObject({
        reason: 'InvalidArgument',
        message: expect.stringContaining('[[COMPOSE_COMMAND]]'),
      })
    })

    it('build what is to be built, and do not pull it', async () => {
      const dockerfile = `FROM ${testImages.busybox}\nARG V\nRUN echo $V >/v\nCMD ["sleep", "1000"]\n`
      const compose = `services:\n  web:\n    build: .\n    image: ${docker.prefix}-built:1\n    network_mode: none\n    stop_grace_period: 0s\n`
      const stack = request('build', '', {
        source: tree({ 'compose.yaml': compose, Dockerfile: dockerfile }),
        runBuild: true,
        buildExtraArgs: ['--build-arg V=42'],
      })
      await up(stack)
      expect(await docker.docker('exec', `${stack.project}-web-1`, 'cat', '/v')).toBe('42')
      await docker.docker('rm', '-f', `${stack.project}-web-1`)
      await docker.docker('image', 'rm', `${docker.prefix}-built:1`)
    })

    it('tell that Compose is not installed', async ({ skip }) => {
      const config = path.join(docker.directory, 'no-plugins')
      mkdirSync(config, { recursive: true })
      const installed = spawnSync('docker', ['compose', 'version'], {
        env: { ...docker.environment, DOCKER_CONFIG: config },
      })
      if (installed.status === 0) skip('Compose is installed for the whole system')
      const { host: bare } = agentOn(docker, { DOCKER_CONFIG: config })
      await expect(bare.composeUp(request('bare', web), signal)).rejects.toMatchObject({ reason: 'ComposeMissing' })
      await expect(bare.composeDown('bare', { removeOrphans: true }, signal)).rejects.toMatchObject({
        message: expect.stringContaining('install the Compose plugin'),
      })
    })

    it('tell that a port is taken', async () => {
      const server = createServer()
      const port = await new Promise<number>((resolve) =>
        server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
      )
      try {
        const contents = `services:\n  web:\n    image: ${testImages.web1}\n    ports: ["127.0.0.1:${port}:80"]\n    stop_grace_period: 0s\n`
        await expect(up(request('port', contents))).rejects.toMatchObject({
          reason: 'PortInUse',
          message: expect.stringMatching(/^Compose Up failed: .*(already in use|already allocated)/s),
        })
      } finally {
        server.close()
      }
    })

    it('keep secrets out of logs, errors and process arguments', async () => {
      const secret = `hunter2$-${docker.prefix}`
      const stack = request('secret', `${web}    environment: {A: "\${A}"}\n`, {
        environment: [{ key: 'A', value: secret }],
        secrets: [secret],
        // Looks at the arguments of every process while it runs.
        preDeploy: {
          path: '',
          command: 'cat .env; cat /proc/[0-9]*/cmdline >seen 2>/dev/null; grep -ac hunter2 seen || true',
          shellMode: true,
        },
        wrapper: 'cat /proc/[0-9]*/cmdline >seen-up 2>/dev/null; grep -ac hunter2 seen-up\n[[COMPOSE_COMMAND]]',
      })
      const error = await up(stack).catch((error: unknown) => error)
      // grep finds nothing, which fails the wrapper's first line: so the error's own text is looked at, too.
      expect(error).toMatchObject({ reason: 'ComposeUpFailed' })
      const { log } = error as { log: readonly { stage: string; output: string }[] }
      expect(log[0]).toMatchObject({ stage: 'Pre Deploy', output: 'A=<redacted>\n0\n' })
      expect(JSON.stringify(log)).not.toContain('hunter2')
    })
  })

  describe('a registry that wants a login', () => {
    it('gives its image to a stack and to a container with the right password, and nothing of it stays', async ({
      skip,
    }) => {
      const password = `pw-${docker.prefix}`
      await using registry = await startRegistry(password)
      if (!registry) return skip('no docker-registry here')
      const image = `${registry.address}/team/app:1`
      const auth = { serverAddress: registry.address, username: registry.username, password }
      await docker.docker('tag', testImages.busybox, image)
      execFileSync('docker', ['login', '-u', auth.username, '--password-stdin', registry.address], {
        env: docker.environment,
        input: password,
        stdio: ['pipe', 'ignore', 'pipe'],
      })
      await docker.docker('push', '-q', image)
      await docker.docker('logout', registry.address)
      await docker.docker('image', 'rm', image)

      const contents = web.replace(testImages.busybox, image)
      const stack = request('registry', contents, { registryAuth: [auth] })
      await expect(up({ ...stack, registryAuth: [] })).rejects.toMatchObject({ reason: 'ImagePullFailed' })
      await expect(up({ ...stack, registryAuth: [{ ...auth, password: 'wrong' }] })).rejects.toMatchObject({
        reason: 'RegistryLoginFailed',
        message: expect.not.stringContaining('wrong'),
      })
      await up(stack)
      const { containers } = await host.observeProject(stack.project, signal)
      expect(containers[0]?.imageDigests[0]).toMatch(/^127\.0\.0\.1:\d+\/team\/app@sha256:/)
      expect(readdirSync(stacks).filter((name) => name.startsWith('.login'))).toEqual([])
      const config = path.join(docker.environment.DOCKER_CONFIG ?? '', 'config.json')
      expect(existsSync(config) ? readFileSync(config, 'utf8') : '').not.toContain(registry.address)
      await docker.clean()
      await docker.docker('image', 'rm', '-f', image)
    })
  })
})
