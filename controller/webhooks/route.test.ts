import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRoute } from './route.ts'

const routeOf = (path: string) => {
  const route = parseRoute(path)
  return route && { provider: route.provider.name, target: route.target }
}

describe('paths, as Komodo has them', () => {
  it.each<[string, unknown]>([
    ['/listener/github/sync/infra/sync', { resource: 'sync', id: 'infra', action: 'look' }],
    ['/listener/github/sync/infra/refresh', { resource: 'sync', id: 'infra', action: 'look' }],
    ['/listener/github/stack/web/deploy', { resource: 'stack', id: 'web', action: 'deploy' }],
    ['/listener/github/stack/web/refresh', { resource: 'stack', id: 'web', action: 'look' }],
    ['/listener/github/repo/infra/pull', { resource: 'repo', id: 'infra', action: 'look' }],
    ['/listener/github/repo/infra/clone', { resource: 'repo', id: 'infra', action: 'look' }],
    ['/listener/github/repo/infra/build', { resource: 'repo', id: 'infra', action: 'run' }],
    ['/listener/github/build/app', { resource: 'build', id: 'app', action: 'run' }],
    ['/listener/github/procedure/p/main', { resource: 'procedure', id: 'p', action: 'run', branch: 'main' }],
    ['/listener/github/procedure/p/__ANY__', { resource: 'procedure', id: 'p', action: 'run', branch: '__ANY__' }],
    ['/listener/github/action/a/feature%2Fx', { resource: 'action', id: 'a', action: 'run', branch: 'feature/x' }],
    ['/listener/github/push', 'followers'],
  ])('%s', (path, target) => {
    expect(routeOf(path)).toEqual({ provider: 'github', target })
  })

  it.each<readonly [string, string]>([
    [
      'the build path of Komodo’s documentation, which Komodo itself does not route',
      '/listener/github/build/app/build',
    ],
    ['a branch with a slash as it is', '/listener/github/action/a/feature/x'],
    ['a slash at the end', '/listener/github/sync/infra/sync/'],
    ['a query', '/listener/github/sync/infra/sync?x=1'],
    ['a name with a space', '/listener/github/stack/My%20Stack/deploy'],
    ['a namespace', '/listener/github/stack/prod:web/deploy'],
    ...['gitlab', 'gitea', 'forgejo', 'bitbucket'].map((name) => [name, `/listener/${name}/push`] as const),
  ])('also %s', (_, path) => {
    expect(parseRoute(path)).toBeDefined()
  })

  it.each([
    '/',
    '/listener',
    '/listener/github',
    '/listener/svn/push',
    '/listener/github/sync/infra',
    '/listener/github/sync//sync',
    '/listener/github/stack/web/destroy',
    '/listener/github/procedure/p',
    '/listener/github/server/local/sync',
    '/listener/github/__proto__/x/y',
    '/listener/github/stack/web/toString',
    '/listener/__proto__/push',
    '/listener/github/sync/%/sync',
    '/listener/github/push/more',
    '*',
    '',
  ])('%j is none', (path) => {
    expect(parseRoute(path)).toBeUndefined()
  })

  it('no path makes it throw', () => {
    const segment = fc.oneof(fc.string(), fc.constantFrom('listener', 'github', 'sync', '%2e%2e', '__proto__', 'push'))
    fc.assert(
      fc.property(fc.array(segment), (segments) => {
        parseRoute(`/${segments.join('/')}`)
      }),
    )
  })
})
