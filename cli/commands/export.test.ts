import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { annotation } from '../../controller/api/names.ts'
import { type Secret, secretType } from '../../controller/kube/builtin-types.ts'
import { syncKinds } from '../../controller/sync/kinds.ts'
import { anyObject } from '../../controller/toml/testkit/arbitrary-objects.ts'
import { writeFile as writeToml } from '../../controller/toml/write.ts'
import { type SyncOperator, startSyncOperator } from '../../test/harness/sync-operator.ts'
import type { CommandContext } from '../context.ts'
import { noPaint } from '../terminal.ts'
import { apply } from './apply.ts'
import { type ExportOptions, exportToml } from './export.ts'
import { plan } from './plan.ts'

let operator: SyncOperator
beforeAll(async () => {
  operator = await startSyncOperator()
})
afterAll(() => operator.close())

let printed: string[] = []
let noted: string[] = []
beforeEach(() => {
  printed = []
  noted = []
})

/** Each test works in a namespace of its own. */
let namespace = 'default'
let counter = 0
beforeEach(async () => {
  namespace = `export-${counter++}`
  const type = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false }
  await operator.client.create(type, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} })
})

const context = (): CommandContext => ({
  terminal: {
    print: (text) => printed.push(text),
    note: (text) => noted.push(text),
    progress: () => {},
    progressDone: () => {},
    paint: noPaint,
  },
  cwd: operator.directory,
  signal: new AbortController().signal,
  connect: async () => ({ client: operator.client, namespace }),
})

const folder = (name: string): string => path.join(operator.directory, namespace, name)

async function applyText(text: string): Promise<void> {
  await mkdir(folder('declared'), { recursive: true })
  await writeFile(path.join(folder('declared'), 'all.toml'), text)
  expect(await apply(folder('declared'), { yes: true, wait: false, timeout: 5 }, context()), noted.join('\n')).toBe(0)
  printed = []
  noted = []
}

const exported = async (wanted: string[], options: ExportOptions = {}): Promise<string> => {
  expect(await exportToml(wanted, options, context())).toBe(0)
  return printed.join('\n')
}

/** What a plan says of a folder against what is there. */
const planned = async (directory: string): Promise<string> => {
  printed = []
  const code = await plan(directory, { live: true }, context())
  return `${code} ${[...noted, ...printed].join('\n')}`
}

const some = `
[[server]]
name = "Prod 1"
tags = ["prod", "eu"]
config = { enabled = true, passkey = "hunter2-canary" }

[[stack]]
name = "web"
tags = ["prod"]
deploy = true
after = ["db"]
[stack.config]
server_id = "Prod 1"
file_contents = """
services:
  web:
    image: nginx
"""

[[deployment]]
name = "db"
[deployment.config]
server = "Prod 1"
image = { type = "Image", params = { image = "postgres:17" } }

[[variable]]
name = "TOKEN"
value = "hunter2-canary"
is_secret = true
`

describe('komodo export', () => {
  it('prints all that TOML can declare, in the order of kinds that Komodo has, without the values of secrets', async () => {
    await applyText(some)
    expect(await exported([])).toBe(`[[server]]
name = "Prod 1"
tags = ["prod", "eu"]
[server.config]
enabled = true
passkey_from.secret_key_ref = { name = "server-prod-1", key = "passkey" }

##

[[stack]]
name = "web"
tags = ["prod"]
deploy = true
after = ["db"]
[stack.config]
server = "Prod 1"
file_contents = """
services:
  web:
    image: nginx
"""

##

[[deployment]]
name = "db"
[deployment.config]
server = "Prod 1"
image.type = "Image"
image.params.image = "postgres:17"

##

[[variable]]
name = "TOKEN"
value_from.secret_key_ref = { name = "variable-token", key = "value" }
is_secret = true`)
    expect(noted).toEqual([
      'note: 2 objects with values in Secrets: the Secrets are named, the values are not part of the export',
    ])
  })

  it('takes kinds, names as people know them, and tags', async () => {
    await applyText(some)
    const names = async (wanted: string[], options: ExportOptions = {}) => {
      printed = []
      return (await exported(wanted, options)).match(/(?<=name = ")[^"]*(?="\n)/g)
    }
    expect(await names(['stack', 'server/Prod 1'])).toEqual(['Prod 1', 'web'])
    expect(await names(['servers', 'server/prod-1'])).toEqual(['Prod 1'])
    expect(await names([], { tag: ['prod'] })).toEqual(['Prod 1', 'web'])
    expect(await names([], { tag: ['prod', 'eu'] })).toEqual(['Prod 1'])
    await expect(exportToml([], { tag: ['nobody'] }, context())).rejects.toThrow('nothing is exported')
    await expect(exportToml(['plan'], {}, context())).rejects.toThrow('TOML cannot declare a Plan')
    await expect(exportToml(['stack/nobody'], {}, context())).rejects.toThrow('there is no Stack "nobody"')
  })

  it('writes a file for each kind, or for each object, and never over another unless told', async () => {
    await applyText(some)
    const directory = folder('tidy')
    await exported([], { directory })
    expect((await readdir(directory)).sort()).toEqual([
      'deployments.toml',
      'servers.toml',
      'stacks.toml',
      'variables.toml',
    ])
    await exported([], { directory, split: 'object' })
    expect(await readFile(path.join(directory, 'servers/prod-1.toml'), 'utf8')).toContain('name = "Prod 1"')
    await writeFile(path.join(directory, 'stacks.toml'), 'mine')
    await expect(exportToml([], { directory }, context())).rejects.toThrow('servers.toml')
    expect(await readFile(path.join(directory, 'stacks.toml'), 'utf8')).toBe('mine')
    await exported([], { directory, force: true })
    expect(await readFile(path.join(directory, 'stacks.toml'), 'utf8')).toContain('[[stack]]')
    const file = path.join(directory, 'one.toml')
    await exported(['stack'], { file })
    await expect(exportToml(['stack'], { file }, context())).rejects.toThrow('give --force')
  })

  it('says what TOML cannot say, and exports the rest', async () => {
    const create = (kind: string, name: string, spec: object, annotations = {}) =>
      operator.client.create(syncKinds.get(kind)!.definition, {
        apiVersion: 'komodo.dev/v1alpha1',
        kind,
        metadata: { name, namespace, annotations },
        spec,
      })
    await create('Server', 'fine', { ignoreMounts: ['/boot'] })
    await create('Server', 'blank', { ignoreMounts: ['/boot', ' '] })
    await create('Server', 'id-like', {}, { [annotation.name]: '0123456789abcdef01234567' })
    await create('Stack', 'text', { environment: 'A=1' })
    expect(await exportToml([], {}, context())).toBe(1)
    expect(noted).toEqual([
      'error: Server "0123456789abcdef01234567" is left out, TOML cannot say it: "0123456789abcdef01234567" looks like a database id of Komodo and cannot be a name.',
      'warning: Server "blank" is not all there: ignoreMounts is not read back from TOML as it is',
    ])
    expect(printed.join('\n')).toContain('name = "fine"')
    expect(printed.join('\n')).not.toContain('0123456789abcdef01234567')
  })

  it('keeps the secret values that an edited export names when others are given anew', async () => {
    const account = (name: string, token: string) => `{ username = "${name}", ${token} }`
    const provider = (...accounts: string[]) =>
      `[[git_provider]]\ndomain = "ghcr.io"\naccounts = [${accounts.join(', ')}]`
    await applyText(provider(account('a', 'token = "1"'), account('b', 'token = "2"')))
    const text = await exported([])
    await applyText(text.replace(/token_from[^}]*accounts\.1\.token" \}/, 'token = "3"'))
    const { data } = await operator.client.get<Secret>(secretType, { namespace, name: 'gitprovider-ghcr.io' })
    const decoded = Object.values(data ?? {}).map((value) => Buffer.from(value, 'base64').toString())
    expect(decoded).toEqual(['1', '3'])
  })

  it('writes an object whose name is longer than that of a file may be, and another one that begins the same', async () => {
    const names = ['x', 'y'].map((end) => `${'w'.repeat(252)}${end}`)
    await applyText(names.map((name) => `[[server]]\nname = "${name}"\n`).join(''))
    const directory = folder('long')
    await exported([], { directory, split: 'object' })
    expect(await readdir(path.join(directory, 'servers'))).toHaveLength(2)
    expect(await planned(directory)).toMatch(/^0 /)
  })

  it('gives what is a no-op to apply again, whatever was declared', async () => {
    const samples = fc.sample(anyObject, { seed: 4, numRuns: 120 })
    const unique = [...new Map(samples.map((one) => [`${one.kind} ${one.name.toLowerCase()}`, one])).values()]
    await applyText(writeToml(unique))
    const directory = folder('again')
    await exported([], { directory, split: 'object' })
    expect(await planned(directory)).toMatch(/^0 /)
    await applyText(some)
    await exported([], { directory, force: true })
    expect(await planned(directory)).toMatch(/^0 /)
  })
})
