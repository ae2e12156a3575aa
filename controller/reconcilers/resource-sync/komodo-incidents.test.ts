import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type SyncOperator, startSyncOperator, typeOf } from '../../../test/harness/sync-operator.ts'
import { SyncScene } from '../../../test/harness/sync-scene.ts'
import { waitUntil } from '../../../test/harness/wait-until.ts'
import { conditionOf } from '../../api/meta.ts'
import type { Transport } from '../../kube/transport.ts'

/** What happened to users of Komodo, by the numbers of their issues (K#), as it goes here. */

let operator: SyncOperator
let scene: SyncScene
/** Writes to Servers never come back, as on a connection that hangs. */
let hanging = false
let caught = 0

const hangs = (transport: Transport): Transport => ({
  ...transport,
  request: (request) => {
    if (!hanging || request.method === 'GET' || !request.path.includes('/servers/')) return transport.request(request)
    caught++
    return new Promise((_, reject) => {
      request.signal?.addEventListener('abort', () => reject(request.signal?.reason))
    })
  },
})

beforeAll(async () => {
  operator = await startSyncOperator({ wrap: hangs })
  scene = new SyncScene(operator)
})
afterAll(() => operator.close())
afterEach(async () => {
  hanging = false
  caught = 0
  await scene.clear()
})

const server = (name: string, address = 'local') => `[[server]]\nname = "${name}"\nconfig.address = "${address}"\n`
const exists = async (kind: string, name: string) => (await scene.get(kind, name)) !== undefined

describe('K#676, K#336: a sync that was interrupted is never busy for ever', () => {
  const interrupted = async () => {
    await scene.create({ fileContents: server('h1') + server('h2') })
    await scene.reaches('Ready', 'True')
    hanging = true
    await scene.change({ fileContents: server('h1', 'new') + server('h2', 'new') })
    await waitUntil('it is in the middle of it', () => caught >= 2)
  }
  const addresses = async () => {
    const servers = await Promise.all(['h1', 'h2'].map((name) => scene.get('Server', name)))
    return servers.map((one) => (one?.spec as { address: string } | undefined)?.address)
  }

  it('after a restart it goes on by itself', async () => {
    await interrupted()
    const restarted = operator.restart()
    hanging = false
    await restarted
    await scene.reaches('Ready', 'True')
    await waitUntil('both are applied', async () => (await addresses()).join() === 'new,new')
  })

  it('made anew under its name while the old one hangs, it works at once', async () => {
    await interrupted()
    const { name } = scene
    await operator.client.delete(typeOf('ResourceSync'), { namespace: 'default', name })
    const restarted = operator.restart()
    hanging = false
    await restarted
    await scene.create({ fileContents: server('h1', 'again') + server('h2', 'again') }, name)
    await scene.reaches('Ready', 'True')
    expect(await addresses()).toEqual(['again', 'again'])
  })

  it('another sync goes on meanwhile', async () => {
    await interrupted()
    await scene.create({ fileContents: '[[stack]]\nname = "other"\n' })
    await scene.reaches('Ready', 'True')
    expect(await exists('Stack', 'other')).toBe(true)
  })
})

describe('K#999: a resource_path that leads anywhere hangs nothing', () => {
  const folder = (name: string) => {
    const place = path.join(operator.directory, 'syncs', name)
    mkdirSync(place, { recursive: true })
    return place
  }

  it.each([
    ['the root of the machine', '/'],
    ['a way up', '../..'],
    ['a device', '/dev/zero'],
    ['what the kernel tells', '/proc/self/environ'],
    ['a NUL', 'a\0b'],
    ['separators of Windows', '..\\..\\etc'],
    ['an encoded way up', '%2e%2e/%2e%2e/etc'],
  ])('%s', async (_, resourcePath) => {
    folder('k999')
    await scene.create({ filesOnHost: true, resourcePath: [resourcePath] }, 'k999')
    const said = await scene.reaches('Valid', 'False', 'RevisionRefused')
    expect(conditionOf(said, 'Valid')?.message).toMatch(/outside of the source|does not exist in the source/)
    // The others do not notice, and a correction is enough.
    await scene.create({ fileContents: server('h1') })
    await scene.reaches('Ready', 'True')
    scene.name = 'k999'
    writeFileSync(path.join(folder('k999'), 'a.toml'), server('h2'))
    await scene.change({ resourcePath: ['a.toml'] })
    await scene.reaches('Ready', 'True')
  })

  it('links that lead out, or round', async () => {
    const place = folder('k999-links')
    for (const [name, target] of [
      ['out.toml', '/etc/passwd'],
      ['environ.toml', '/proc/self/environ'],
      ['root', '/'],
      ['round', '.'],
    ] as const) {
      symlinkSync(target, path.join(place, name))
    }
    await scene.create({ filesOnHost: true, resourcePath: ['.'] }, 'k999-links')
    const said = await scene.reaches('Valid', 'False', 'RevisionRefused')
    expect(JSON.stringify(said.status)).not.toMatch(/root:x:0|PATH=/)
  })
})

describe('FoxxMD/deploy-gotify-alerter#3: managed mode would have removed all servers and stacks', () => {
  it('what a sync did not apply itself is never deleted, whatever is switched on', async () => {
    const client = operator.client
    for (const kind of ['Server', 'Stack']) {
      const metadata = { name: 'mine', namespace: 'default' }
      await client.create(typeOf(kind), { apiVersion: 'komodo.dev/v1alpha1', kind, metadata, spec: {} })
    }
    await scene.create({ fileContents: server('declared'), managed: true, delete: true })
    await scene.reaches('Ready', 'True')
    await scene.poke()
    expect([await exists('Server', 'mine'), await exists('Stack', 'mine')]).toEqual([true, true])
    const deletes = operator.writes.filter(({ method, path }) => method === 'DELETE' && /servers|stacks/.test(path))
    expect(deletes).toEqual([])
  })

  it('an empty source with delete switched on removes nothing', async () => {
    await scene.create({ fileContents: server('h1') + server('h2'), managed: true, delete: true })
    await scene.reaches('Ready', 'True')
    await scene.change({ fileContents: '# moved elsewhere' })
    await scene.reaches('Applied', 'False', 'EmptySource')
    expect([await exists('Server', 'h1'), await exists('Server', 'h2')]).toEqual([true, true])
  })
})
