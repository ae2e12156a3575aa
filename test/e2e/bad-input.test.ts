import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitUntil } from '../harness/wait-until.ts'
import { busybox, canSetScene, deploymentBlock, localServer, type Scene, setScene, stackBlock, web1 } from './scene.ts'

describe.runIf(canSetScene())('bad input gets a clear error and loses nothing', () => {
  let scene: Scene
  let web: string
  const good = () => ({ 'good.toml': `${localServer}\n${deploymentBlock(web, web1)}` })
  const running = async (name: string) =>
    (await scene.docker('inspect', '--format', '{{.State.Running}}', name).catch(() => '')) === 'true'
  const syncSays = (reason?: string) =>
    scene.operator.condition('resourcesyncs', 'e2e', 'Ready', 'False', reason === undefined ? {} : { reason })
  const goodAgain = async () => {
    await scene.apply(good())
    await scene.operator.ready('deployments.komodo.dev', web)
  }

  beforeAll(async () => {
    scene = await setScene({ sync: { delete: true } })
    web = `${scene.prefix}-web`
    await goodAgain()
  })
  afterAll(() => scene?.close())

  it('refuses a commit with broken TOML whole, names file and line, and keeps the last good one', async () => {
    await scene.push({ 'bad.toml': '[[stack]\nname = "x"\n' })
    const message = await syncSays()
    expect(message).toMatch(/bad\.toml:1/)
    expect(await running(web)).toBe(true)
    await goodAgain()
  })

  it('deletes nothing when a commit declares nothing at all', async () => {
    await scene.push({ 'empty.toml': '# nothing\n' })
    await waitUntil('the sync to have looked', async () => {
      const sync = await scene.operator.get('resourcesyncs', 'e2e')
      return JSON.stringify(sync?.status?.conditions).includes('declares nothing') ? true : undefined
    })
    expect(await running(web)).toBe(true)
    await goodAgain()
  })

  it('says so when the branch vanishes, and keeps what runs', async () => {
    scene.repository.git('update-ref', '-d', 'refs/heads/main')
    await scene.operator.kubectl(
      'annotate',
      '--overwrite',
      'resourcesync/e2e',
      'reconcile.komodo.dev/requestedAt=vanished',
    )
    expect(await syncSays()).toMatch(/main/)
    expect(await running(web)).toBe(true)
    await goodAgain()
  })

  it('names a misspelt key and goes on', async () => {
    await scene.push({ ...good(), 'typo.toml': '[[variable]]\nname = "A"\nvalue = "1"\ndescripton = "x"\n' })
    await waitUntil('the warning', async () => {
      const sync = await scene.operator.get('resourcesyncs', 'e2e')
      return JSON.stringify(sync?.status?.warnings ?? '').includes('description') ? true : undefined
    })
    await scene.operator.ready('resourcesyncs', 'e2e')
  })

  it('lets an object wait for a server that is not there, and continues by itself when it appears', async () => {
    const lonely = `${scene.prefix}-lonely`
    const block = deploymentBlock(lonely, web1).replace('server = "local"', 'server = "later"')
    await scene.push({ ...good(), 'lonely.toml': block })
    expect(await scene.operator.condition('deployments.komodo.dev', lonely, 'Ready', 'False')).toMatch(/later/)
    await scene.push({
      ...good(),
      'lonely.toml': `${block}\n${localServer.replace('name = "local"', 'name = "later"')}`,
    })
    await scene.operator.ready('deployments.komodo.dev', lonely)
  })

  it('keeps failures in their room: each object says what is wrong with it, the others run', async () => {
    const name = (what: string) => `${scene.prefix}-${what}`
    await scene.push({
      ...good(),
      'bad.toml': [
        deploymentBlock(name('nopull'), '127.0.0.1:1/nothing/here:1'),
        deploymentBlock(name('exits'), busybox, `command = "sh -c 'echo giving up; exit 7'"\nrestart = "no"`),
        deploymentBlock(name('flag'), web1, 'extra_args = ["--memry=1g"]'),
        stackBlock(name('compose'), 'services:\n  app:\n    imagee: x'),
        deploymentBlock(name('a'), web1, '', `deploy = true\nafter = ["${name('b')}"]`),
        deploymentBlock(name('b'), web1, '', `deploy = true\nafter = ["${name('a')}"]`),
      ].join('\n'),
    })
    const says = (what: string, resource = 'deployments.komodo.dev') =>
      scene.operator.condition(resource, name(what), 'Ready', 'False', { timeoutMs: 90_000 })
    expect(await says('nopull')).toMatch(/127\.0\.0\.1:1\/nothing\/here:1/)
    expect(await says('flag')).toMatch(/--memry.*--memory/s)
    expect(await says('compose', 'stacks')).toMatch(/imagee/)
    expect(await says('a')).toMatch(new RegExp(name('b')))
    expect(await says('b')).toMatch(new RegExp(name('a')))
    await waitUntil('the exit code in the message', async () =>
      /7|giving up/.test(await says('exits')) ? true : undefined,
    )
    expect(await running(web)).toBe(true)
    await scene.operator.ready('deployments.komodo.dev', web)
  })

  it('deletes what is no longer declared, its container too, and nothing else', async () => {
    const gone = `${scene.prefix}-lonely`
    await goodAgain()
    await waitUntil('the object to be gone', async () =>
      (await scene.operator.get('deployments.komodo.dev', gone)) ? undefined : true,
    )
    expect(await running(gone)).toBe(false)
    expect(await running(web)).toBe(true)
  })

  it('deletes nothing beyond the budget', async () => {
    const many = Array.from({ length: 12 }, (_, index) => `[[variable]]\nname = "V${index}"\nvalue = "1"\n`).join('\n')
    await scene.apply({ ...good(), 'many.toml': many })
    await scene.push(good())
    const budget = await waitUntil('the sync to say so', async () => {
      const text = JSON.stringify((await scene.operator.get('resourcesyncs', 'e2e'))?.status?.conditions ?? [])
      return text.includes('deletionBudget') ? text : undefined
    })
    expect(budget).toMatch(/12 objects/)
    expect(await scene.operator.get('variables', 'v11')).toBeDefined()
  })
})
