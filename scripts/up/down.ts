/** `make down`: stops and removes all that `make up` made, and nothing else. */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { output, runningPid, runScript, say, waitUntil } from './process.ts'
import { dockerEnvironment, images, kubectl, projectRoot, workspace } from './workspace.ts'

const docker = dockerEnvironment()

/** The objects go first, so that the controller removes their containers. */
const removeObjects = (): void => {
  if (!existsSync(workspace.kubeconfig)) return
  const kube = (...args: string[]) =>
    spawnSync(kubectl, ['--kubeconfig', workspace.kubeconfig, ...args], { encoding: 'utf8', timeout: 90_000 })
  kube('delete', 'resourcesyncs', '--all', '--timeout=30s')
  const left = kube('delete', 'stacks,deployments.komodo.dev', '--all', '--timeout=60s')
  if (left.status === 0) say('removed the stacks and deployments with their containers')
  else console.error(`  some objects did not go: ${left.stderr.trim()}`)
}

await runScript(async () => {
  const pid = runningPid(workspace.pidFile)
  if (pid !== undefined) {
    removeObjects()
    process.kill(pid, 'SIGTERM')
    await waitUntil('stopping the controller', () => runningPid(workspace.pidFile) === undefined, { timeoutMs: 20_000 })
    say('stopped the controller')
  }
  if (existsSync(join(projectRoot, '.cache/docker/env'))) {
    const present = images.filter(
      (image) => spawnSync('docker', ['image', 'inspect', '--', image], { env: docker }).status === 0,
    )
    if (present.length > 0) {
      output('docker', ['image', 'rm', '--', ...present], { env: docker })
      say(`removed the images ${present.join(', ')}`)
    }
  }
  if (existsSync(workspace.root)) {
    rmSync(workspace.root, { recursive: true, force: true })
    say('removed .cache/up')
  }
  process.stdout.write(output('scripts/setup/docker.sh', ['down'], { cwd: projectRoot }))
})
