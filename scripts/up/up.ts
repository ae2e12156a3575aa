/** `make up`: from nothing to a git commit that runs as containers, and what to try next. Running it again is harmless. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { output, runningPid, runScript, SetupError, say, startInBackground, waitUntil } from './process.ts'
import { baseImages, dockerEnvironment, example, images, kubectl, projectRoot, workspace } from './workspace.ts'

const address = 'http://127.0.0.1:18080/'
const apiPort = '16443'
const webhookAddress = '127.0.0.1:19121'
const docker = dockerEnvironment()
const shown = (path: string): string => relative(process.cwd(), path)
const kube = (...args: string[]): string => output(kubectl, ['--kubeconfig', workspace.kubeconfig, ...args])
const komodo = (...args: string[]): string =>
  output(process.execPath, [join(projectRoot, 'cli/main.ts'), '--kubeconfig', workspace.kubeconfig, ...args])

/** Builds the example's images on the test base image; a base that was not there before does not stay. */
const makeImages = (): void => {
  const missing = images.filter((image) => !hasImage(image))
  if (missing.length === 0) return
  const madeBase = baseImages.filter((image) => !hasImage(image))
  output(join(projectRoot, 'scripts/setup/images.sh'), [], { env: docker })
  for (const image of missing) {
    const version = `VERSION=${image.slice(image.indexOf(':') + 1)}`
    output('docker', ['build', '--quiet', '--tag', image, '--build-arg', version, join(example, 'image')], {
      env: docker,
    })
    say(`made the image ${image}`)
  }
  if (madeBase.length > 0) output('docker', ['image', 'rm', '--', ...madeBase], { env: docker })
}

const hasImage = (image: string): boolean =>
  output('docker', ['image', 'ls', '--quiet', '--', image], { env: docker }).trim() !== ''

const git = (...args: string[]): string => output('git', ['-C', workspace.clone, ...args])

const makeRemote = (): void => {
  if (existsSync(join(workspace.remote, 'HEAD')) && existsSync(join(workspace.clone, '.git'))) {
    say(`git remote: ${shown(workspace.remote)} (kept as it is)`)
    return
  }
  rmSync(workspace.remote, { recursive: true, force: true })
  rmSync(workspace.clone, { recursive: true, force: true })
  output('git', ['init', '--quiet', '--bare', '--initial-branch=main', workspace.remote])
  output('git', ['clone', '--quiet', workspace.remote, workspace.clone])
  cpSync(join(example, 'komodo'), join(workspace.clone, 'komodo'), { recursive: true })
  git('config', 'user.name', 'You')
  git('config', 'user.email', 'you@example.com')
  git('checkout', '--quiet', '-B', 'main')
  git('add', '.')
  git('commit', '--quiet', '--message', 'Declare a web server and its visitors')
  git('push', '--quiet', '--set-upstream', 'origin', 'main')
  say(`git remote: ${shown(workspace.remote)}, made out of examples/getting-started`)
}

const startController = async (): Promise<void> => {
  const running = runningPid(workspace.pidFile)
  if (running !== undefined) {
    say(`the controller runs already (pid ${running})`)
    return
  }
  const pid = startInBackground(
    process.execPath,
    [
      join(projectRoot, 'controller/main.ts'),
      '--standalone',
      '--data-dir',
      workspace.data,
      '--listen',
      `127.0.0.1:${apiPort}`,
      '--webhook-listen',
      webhookAddress,
    ],
    { env: docker, log: workspace.log },
  )
  writeFileSync(workspace.pidFile, String(pid))
  const hint = `Its log: ${shown(workspace.log)}`
  await waitUntil(
    'starting the controller',
    () => {
      if (runningPid(workspace.pidFile) === undefined) {
        throw new SetupError(`the controller ended at once. ${hint}\n${tail(readFileSync(workspace.log, 'utf8'))}`)
      }
      return existsSync(workspace.kubeconfig) && answers()
    },
    { timeoutMs: 30_000, hint },
  )
  say(`controller: pid ${pid}, API at https://127.0.0.1:${apiPort}, log in ${shown(workspace.log)}`)
}

const answers = (): boolean => {
  try {
    kube('get', '--raw', '/readyz')
    return kube('get', 'crd', 'resourcesyncs.komodo.dev', '--ignore-not-found', '-o', 'name') !== ''
  } catch {
    return false
  }
}

const tail = (text: string): string => text.trimEnd().split('\n').slice(-15).join('\n')

const applySync = (): void => {
  const manifest = readFileSync(join(example, 'sync.yaml'), 'utf8').replace(
    /^( *url: ).*$/m,
    `$1${JSON.stringify(workspace.remote)}`,
  )
  writeFileSync(workspace.sync, manifest)
  kube('apply', '-f', workspace.sync)
  kube(
    'annotate',
    '--overwrite',
    'resourcesync/getting-started',
    `reconcile.komodo.dev/requestedAt=${new Date().toISOString()}`,
  )
  say('applied the ResourceSync getting-started: it watches the remote')
}

interface Row {
  name: string
  ready: boolean
  message: string
}

const expected = [
  'ResourceSync/getting-started',
  'Server/local',
  'Variable/greeting',
  'Deployment/web',
  'Stack/visitors',
]

const look = (): Row[] => {
  const found = JSON.parse(
    kube('get', 'resourcesyncs,servers.komodo.dev,variables,deployments.komodo.dev,stacks', '-o', 'json'),
  ) as {
    items: {
      kind: string
      metadata: { name: string }
      status?: { conditions?: { type: string; status: string; message: string }[] }
    }[]
  }
  const byName = new Map(
    found.items.map((item) => [`${item.kind}/${item.metadata.name}`.replace(/\/greeting.*/, '/greeting'), item]),
  )
  return expected.map((name) => {
    const ready = byName.get(name)?.status?.conditions?.find(({ type }) => type === 'Ready')
    return {
      name,
      ready: ready?.status === 'True',
      message: ready?.message ?? (byName.has(name) ? 'not looked at yet' : 'not there yet'),
    }
  })
}

const waitForReady = async (): Promise<void> => {
  const started = Date.now()
  const told = new Map<string, string>()
  await waitUntil(
    'getting everything Ready',
    () => {
      const rows = look()
      for (const { name, ready, message } of rows) {
        const line = `${ready ? '\u2713' : '\u2026'} ${name}: ${message}`
        if (told.get(name) !== line) console.log(`    ${line}`)
        told.set(name, line)
      }
      return rows.every(({ ready }) => ready)
    },
    { timeoutMs: 180_000, hint: `Ask why: kubectl --kubeconfig ${shown(workspace.kubeconfig)} describe komodo` },
  )
  say(`everything is Ready after ${((Date.now() - started) / 1000).toFixed(1)} s`)
}

const nextSteps = (): string => {
  const kubeconfig = `export KUBECONFIG=${workspace.kubeconfig} PATH=${join(projectRoot, '.cache/kubectl')}:${join(projectRoot, 'cli/bin')}:$PATH`
  const environment = docker.DOCKER_HOST ? `DOCKER_HOST=${docker.DOCKER_HOST} ` : ''
  return `
Try next (first: ${kubeconfig})

  1. Change the version in git, and watch it roll out:
       cd ${workspace.clone} && sed -i '/^\\[deployment/,/^$/s|web:1|web:2|' komodo/apps.toml && git commit -qam 'Use web:2' && git push -q && kubectl get deployments.komodo.dev web -w

  2. Break it by hand, and watch it heal:
       ${environment}docker rm -f web && kubectl get deployments.komodo.dev web -w

  3. Remove all that this made:
       make -C ${projectRoot} down
`
}

await runScript(async () => {
  mkdirSync(workspace.root, { recursive: true, mode: 0o700 })
  makeImages()
  makeRemote()
  await startController()
  applySync()
  await waitForReady()

  console.log('\nThe plan that was applied:\n')
  console.log(komodo('plan', 'getting-started', '--applied').trimEnd())
  console.log('\nkubectl get komodo:\n')
  console.log(kube('get', 'komodo').trimEnd())
  const answer = await fetch(address)
  console.log(`\nThe web server at ${address} answers ${answer.status}: ${(await answer.text()).trim()}`)
  console.log(nextSteps())
})
