import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AgeKey, ageKey, encryptSops } from '../build/encrypt-sops.ts'
import { allObjects, filesBelow, ProcessWatch } from '../harness/canaries.ts'
import { startRegistry, type TestRegistry } from '../harness/registry.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { busybox, canSetScene, deploymentBlock, localServer, type Scene, setScene, stackBlock, web1 } from './scene.ts'

/** Plants unique secrets, drives everything that touches them, failures included, and searches everything that is left. */
describe.runIf(canSetScene())('secrets stay secret', () => {
  const canary = (what: string) => `canary-${what}-${randomBytes(12).toString('hex')}`
  const gitPassword = canary('git')
  const variable = canary('variable')
  const later = canary('later')
  const registryPassword = canary('registry')
  const sops = canary('sops')
  const sopsEnv = canary('sops-env')
  const special = `${canary('special')}$x"'#`
  let age: AgeKey
  let encryptedFiles: Readonly<Record<string, string>>
  const secrets = () => [
    gitPassword,
    variable,
    later,
    registryPassword,
    sops,
    sopsEnv,
    special.slice(0, -5),
    ...(age === undefined ? [] : [age.identity]),
  ]
  const spellings = (secret: string) => [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')]
  const holds = (text: string): string | undefined =>
    secrets()
      .flatMap(spellings)
      .find((secret) => text.includes(secret))

  let scene: Scene
  let arguments_: ProcessWatch
  let web: string
  let stack: string
  let registry: TestRegistry | undefined
  let privateImage: string

  const files = (value: string) => ({
    ...encryptedFiles,
    'all.toml': `${localServer}
[[variable]]
name = "API_KEY"
value = "${value}"
is_secret = true
${deploymentBlock(web, web1, 'environment = """\nAPI_KEY = [[API_KEY]]\n"""')}
${deploymentBlock(`${web}-private`, privateImage, 'image_registry_account = "ci"')}
${deploymentBlock(`${web}-fails`, busybox, `command = "sh -c 'echo $API_KEY; exit 3'"\nenvironment = """\nAPI_KEY = [[API_KEY]]\n"""`)}
${stackBlock(
  stack,
  `services:\n  app:\n    image: ${busybox}\n    init: true\n    command: ["sleep", "1000"]\n    environment:\n      API_KEY: \${API_KEY}`,
  'environment = """\nAPI_KEY = [[API_KEY]]\n"""',
)}
${stackBlock(
  `${stack}-special`,
  `services:\n  app:\n    image: ${busybox}\n    init: true\n    command: ["sleep", "1000"]\n    environment:\n      KEY: \${KEY}\n      SPECIAL: \${SPECIAL}`,
  'environment = """\nKEY = [[FROM_SOPS]]\nSPECIAL = [[SPECIAL]]\n"""',
)}
${gitStackBlock(`${stack}-git`, scene.repository.url)}
${stackBlock(`${stack}-broken`, 'services: {}', 'environment = "A = [[FROM_SOPS]] [[MISSING]]"')}
${stackBlock(`${stack}-fails`, 'services:\n  app:\n    image: [[API_KEY]]\n    nonsense: true')}`,
  })

  beforeAll(async () => {
    age = await ageKey()
    encryptedFiles = {
      'secrets.sops.yaml': await encryptSops(
        'yaml',
        { FROM_SOPS: sops, SPECIAL: special },
        { recipients: [age.recipient] },
      ),
      'app/prod.sops.env': await encryptSops('env', { KEY: sopsEnv }, { recipients: [age.recipient] }),
      'app/compose.yaml': `services:\n  app:\n    image: ${busybox}\n    init: true\n    command: ["sleep", "1000"]\n    environment:\n      KEY: \${KEY}\n`,
    }
    scene = await setScene({
      credentials: { username: 'ci', password: gitPassword },
      operator: { decryption: { secret: 'sops-age' }, secretFiles: ['secrets.sops.yaml'] },
    })
    await scene.operator.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'sops-age', namespace: 'default' },
      stringData: { 'me.agekey': age.identity },
    })
    web = `${scene.prefix}-web`
    stack = `${scene.prefix}-stack`
    registry = await startRegistry(registryPassword)
    privateImage = `${registry?.address ?? '127.0.0.1:1'}/team/web:1`
    if (registry !== undefined) await pushImage(scene, registry, privateImage)
    arguments_ = new ProcessWatch()
    await scene.operator.apply(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'registry', namespace: 'default' },
        stringData: { token: registryPassword },
      },
      {
        apiVersion: 'komodo.dev/v1alpha1',
        kind: 'ImageRegistry',
        metadata: { name: 'registry', namespace: 'default' },
        spec: {
          domain: `http://${registry?.address ?? '127.0.0.1:1'}`,
          accounts: [{ username: 'ci', tokenFrom: { secretKeyRef: { name: 'registry', key: 'token' } } }],
          operator: { servers: ['local'] },
        },
      },
    )
    await scene.push(files(variable), 'Declare secrets')
    await scene.operator.ready('deployments.komodo.dev', web)
    await scene.operator.ready('stacks', stack)
    if (registry !== undefined) await scene.operator.ready('deployments.komodo.dev', `${web}-private`)
    await scene.operator.condition('deployments.komodo.dev', `${web}-fails`, 'Ready', 'False')
    await scene.operator.condition('stacks', `${stack}-fails`, 'Ready', 'False')
    await scene.operator.condition('stacks', `${stack}-broken`, 'Ready', 'False')
    await scene.operator.ready('stacks', `${stack}-special`)
    await scene.operator.ready('stacks', `${stack}-git`)
    await scene.push(files(later), 'Change the secret')
    await waitUntil('the new value to be in use', async () =>
      (await scene.docker('exec', web, 'sh', '-c', 'echo $API_KEY').catch(() => '')) === later ? true : undefined,
    )
    await scene.operator.ready('stacks', stack)
    await scene.operator.komodo('plan', 'e2e', '--applied')
  })
  afterAll(async () => {
    arguments_?.stop()
    await scene?.close()
    await registry?.[Symbol.asyncDispose]()
  })

  it('really uses them: the containers got the value', async () => {
    expect(await scene.docker('exec', `${stack}-app-1`, 'sh', '-c', 'echo $API_KEY')).toBe(later)
    const printed = await scene.docker('exec', `${stack}-special-app-1`, 'sh', '-c', 'echo "$KEY|$SPECIAL"')
    expect(printed).toBe(`${sops}|${special}`)
    expect(await scene.docker('exec', `${stack}-git-app-1`, 'sh', '-c', 'echo $KEY')).toBe(sopsEnv)
  })

  it('holds them in no log', () => {
    for (const name of readdirSync(scene.operator.dir).filter((file) => file.endsWith('.log'))) {
      expect(holds(readFileSync(path.join(scene.operator.dir, name), 'utf8')), name).toBeUndefined()
    }
  })

  it('holds them in no object but Secrets: no status, event or plan', async () => {
    for (const [kind, text] of await allObjects((...args) => scene.operator.kubectl(...args))) {
      expect(holds(text), kind).toBeUndefined()
    }
  })

  it('holds them in no metric', async () => {
    const metrics = await (await fetch(`${scene.operator.healthUrl}/metrics`)).text()
    expect(metrics).toContain('controller_runtime_reconcile_total')
    expect(holds(metrics)).toBeUndefined()
  })

  it('keeps nothing that was decrypted for a deploy: not in memory, not in the cache of git', () => {
    const inMemory = readdirSync('/dev/shm').filter((name) => name.startsWith('komodo-'))
    const places = [...inMemory.map((name) => `/dev/shm/${name}`), path.join(scene.operator.dir, 'data', 'git')]
    for (const file of places.flatMap(filesBelow)) expect(holds(readFileSync(file, 'latin1')), file).toBeUndefined()
  })

  it('showed them in no process arguments', () => {
    expect(arguments_.seen.size).toBeGreaterThan(0)
    expect([...arguments_.seen].filter((line) => holds(line) !== undefined)).toEqual([])
  })

  it('holds them in no git configuration', () => {
    const configurations = filesBelow(path.join(scene.operator.dir, 'data')).filter(
      (file) => path.basename(file) === 'config',
    )
    expect(configurations.length).toBeGreaterThan(0)
    for (const file of configurations) expect(holds(readFileSync(file, 'utf8')), file).toBeUndefined()
  })

  it('holds them in no database row but those of Secrets', async () => {
    await scene.operator.stop()
    const databases = filesBelow(path.join(scene.operator.dir, 'data')).filter((file) => /\.(db|sqlite3?)$/.test(file))
    expect(databases.length).toBeGreaterThan(0)
    for (const file of databases) {
      using database = new DatabaseSync(file, { readOnly: true })
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[]
      for (const { name } of tables) {
        for (const row of database.prepare(`SELECT * FROM "${name}"`).iterate()) {
          const text = JSON.stringify(row)
          if (holds(text) !== undefined) expect(text).toContain('"kind\\":\\"Secret\\"')
        }
      }
    }
  })
})

/** A stack out of the repository of the scene, with an env file that SOPS encrypted. */
const gitStackBlock = (name: string, url: string): string => `
[[stack]]
name = "${name}"
deploy = true
[stack.config]
server = "local"
auto_pull = false
run_directory = "app"
additional_env_files = ["prod.sops.env"]
[stack.operator]
url = "${url}"
credentials = "git"
decryption = { secret = "sops-age" }
`

/** Puts `web:1` into the registry and forgets the login and the image. */
const pushImage = async ({ docker }: Scene, registry: TestRegistry, image: string): Promise<void> => {
  const configuration = mkdtempSync(path.join(tmpdir(), 'komodo-login-'))
  const auth = Buffer.from(`${registry.username}:${registry.password}`).toString('base64')
  writeFileSync(path.join(configuration, 'config.json'), JSON.stringify({ auths: { [registry.address]: { auth } } }))
  await docker('tag', web1, image)
  await docker('--config', configuration, 'push', '--quiet', image)
  await docker('rmi', image)
  rmSync(configuration, { recursive: true })
}
