import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { repo, secret, server } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'
import { annotation } from '../../api/names.ts'
import { DeployFailedError } from '../../hosts/port.ts'

let world: World
beforeEach(() => {
  world = new World()
  world.put(server('local'))
  for (const url of ['https://github.com/a/b', 'http://localhost:3000/a/b'])
    world.repositories.set(url, { revision: 'c1', read: async () => undefined, writeTo: async () => {} })
})
afterEach(() => world.close())

const command = (text: string) => ({ path: '', command: text, shellMode: false })
const pulls = () => world.host().counts.get('pullRepo') ?? 0
const opened = async (spec: object) => {
  world.put(repo('r', { repo: 'a/b', server: 'local', ...spec }))
  await world.converge()
  return world.opened[0]
}

/** Rows of behaviour §9; nothing is cloned with git on a host here: the files of the commit are brought to it. */
describe('V 9.5 repo', () => {
  it('provider github.com, repo a/b, no account: the same URL and branch', async () => {
    expect(await opened({})).toEqual({ url: 'https://github.com/a/b', branch: 'main', commit: '' })
  })

  it('`git_https=false`, provider `localhost:3000`: the same URL', async () => {
    expect((await opened({ gitHttps: false, gitProvider: 'localhost:3000' }))?.url).toBe('http://localhost:3000/a/b')
  })

  it.each([
    { row: 'token `t@k`', token: 't@k', basic: { username: 'token', password: 't@k' } },
    { row: 'token `me:t`', token: 'me:t', basic: { username: 'me', password: 't' } },
  ])('$row: ours: the same login, but never in a URL', async ({ token, basic }) => {
    world.put(secret('login', { token }))
    const remote = await opened({ operator: { credentials: 'login' } })
    expect(remote).toMatchObject({ url: 'https://github.com/a/b', credentials: { basic } })
    expect(JSON.stringify([world.host().repos.get('/repos/r'), world.get('Repo', 'r')])).not.toContain(token)
  })

  it('commit `abc`: ours: that commit is asked for, nothing is reset to it', async () => {
    expect(await opened({ commit: 'abc' })).toMatchObject({ branch: 'main', commit: 'abc' })
  })

  it('on_pull `# c` newline `a` newline `b`: handed to the host as it is written, after the clone and each pull', async () => {
    await opened({ onPull: command('# c\na\nb') })
    expect(world.host().repos.get('/repos/r')?.onPull?.command).toBe('# c\na\nb')
  })

  it('on_clone fails: on_pull is not run, and the Repo says why; ours: tried again', async () => {
    world.host().failNext('pullRepo', new DeployFailedError('OnCloneFailed', 'On Clone failed: no', []))
    world.put(repo('r', { repo: 'a/b', server: 'local', onClone: command('x'), onPull: command('y') }))
    await world.advance(1_000)
    expect(world.condition('Repo', 'r', 'Pulled')).toMatchObject({ status: 'False', reason: 'OnCloneFailed' })
    await world.advance(60_000)
    expect(world.ready('Repo', 'r')).toBe('True')
  })

  it('pull twice within 5 s: ours: each request is a pull of its own, nothing of an earlier branch or token is handed out', async () => {
    await opened({})
    for (const asked of ['one', 'two']) {
      world.annotate('Repo', 'r', { [annotation.deployRequestedAt]: asked })
      await world.settle()
    }
    expect(pulls()).toBe(3)
  })

  it('sync root for `a/b` branch `feat/x`: ours: there is none, files are read from the commit; the branch is asked for as it is', async () => {
    expect((await opened({ branch: 'feat/x' }))?.branch).toBe('feat/x')
  })
})

describe('a crash', () => {
  it('before any status write comes to the same end: pulled, moved and removed, with no more commands than needed', async () => {
    const live = async (dieAtWrite: number): Promise<boolean> => {
      world.close()
      world = new World()
      const { repositories } = world
      repositories.set('https://github.com/a/b', {
        revision: 'c1',
        read: async () => undefined,
        writeTo: async () => {},
      })
      world.put(server('local'), server('other'))
      await world.converge()
      world.dieAtWrite = world.writes + dieAtWrite
      let died = false
      const steps: ((w: World) => void)[] = [
        (w) => w.put(repo('r', { repo: 'a/b', server: 'local' })),
        (w) => w.annotate('Repo', 'r', { [annotation.deployRequestedAt]: '1' }),
        (w) => w.editSpec('Repo', 'r', { server: 'other' }),
      ]
      for (const step of steps) {
        step(world)
        await world.converge().catch(async () => {
          died = true
          world = new World(world)
          world.repositories.set('https://github.com/a/b', repositories.get('https://github.com/a/b') as never)
          await world.converge()
        })
      }
      expect(world.ready('Repo', 'r')).toBe('True')
      expect([world.host().repos.size, world.host('other').repos.size]).toEqual([0, 1])
      // Pulled, pulled again as asked, and pulled to the other server.
      expect(pulls() + (world.host('other').counts.get('pullRepo') ?? 0)).toBe(3)
      world.delete('Repo', 'r')
      await world.converge()
      expect(world.host('other').repos.size).toBe(0)
      return died
    }
    let deaths = 0
    while (await live(deaths)) deaths += 1
    expect(deaths).toBeGreaterThan(2)
  })
})
