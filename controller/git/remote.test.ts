import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressOf, checkRemote, isBranchName, remoteUrl } from './remote.ts'

describe('the URL of a repository', () => {
  it.each([
    [
      'https by default',
      { gitProvider: 'github.com', gitHttps: true, repo: 'a/b', operator: {} },
      'https://github.com/a/b',
    ],
    [
      'http on demand',
      { gitProvider: 'localhost:3000', gitHttps: false, repo: 'a/b', operator: {} },
      'http://localhost:3000/a/b',
    ],
    [
      'operator.url before all',
      { gitProvider: 'x', gitHttps: true, repo: 'a/b', operator: { url: '/srv/r.git' } },
      '/srv/r.git',
    ],
    [
      'the host as git has to ask for its login: in small letters',
      { gitProvider: 'GitHub.com', gitHttps: true, repo: 'Acme/Infra', operator: {} },
      'https://github.com/Acme/Infra',
    ],
    [
      'and without a port that goes without saying',
      { gitProvider: '', gitHttps: true, repo: '', operator: { url: 'HTTPS://Git.example.com:443/A/b?c#d' } },
      'https://git.example.com/A/b?c#d',
    ],
  ])('%s', (_, spec, url) => {
    expect(remoteUrl(spec)).toBe(url)
  })
})

describe('names of branches', () => {
  it.each(['main', 'feat/x', 'release-1.2', 'ünï', 'a.b', 'user@host'])('%s is one', (name) => {
    expect(isBranchName(name)).toBe(true)
  })
  it.each([
    '',
    '-x',
    '--upload-pack=x',
    'a..b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    'a/',
    '/a',
    'a//b',
    '.a',
    'a/.b',
    'a.lock',
    'a.',
    '@',
    'a@{1}',
    'a\n',
  ])('%j is none', (name) => {
    expect(isBranchName(name)).toBe(false)
  })
  it('is never an option or a refspec, whatever is tried', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        if (isBranchName(name)) expect(name).toMatch(/^[^-\s:][^\s:]*$/)
      }),
    )
  })
})

describe('an address', () => {
  it.each([
    ['https://git.example.com/a/b', 'https', 'git.example.com'],
    ['http://localhost:3000/a/b', 'http', 'localhost:3000'],
    ['ssh://git@git.example.com:2222/a/b', 'ssh', 'git.example.com:2222'],
    ['ssh://git@[::1]:2222/a/b', 'ssh', '[::1]:2222'],
    ['git@github.com:a/b.git', 'ssh', 'github.com'],
    ['org@vs-ssh.visualstudio.com:v3/org/project/repo', 'ssh', 'vs-ssh.visualstudio.com'],
    ['/srv/r.git', 'file', '/srv/r.git'],
    ['file:///srv/r.git', 'file', 'file:///srv/r.git'],
  ])('%s is reached by %s at %s', (url, transport, host) => {
    expect(addressOf(url)).toMatchObject({ transport, host })
    expect(() => checkRemote({ url, branch: 'main', commit: '' }, true)).not.toThrow()
  })

  it.each([
    'ssh://-oProxyCommand=touch$IFS/tmp/pwned/a',
    'ssh://-oProxyCommand=x@host/a',
    '-oProxyCommand=x:a',
    '-oProxyCommand=x@host:a',
    'git@-oProxyCommand=x:a',
    'git@host:--upload-pack=x',
    'ssh://git@host$(id)/a',
    'git@host;id:a',
    'ext::sh -c id',
    'ext::id',
    'fd::17/a',
    'git://host/a',
    'ftp://host/a',
    'javascript:alert(1)//',
    'https://host/a\nhost: evil',
    'https://host%0ahost=evil/a',
    'https://',
    'ssh:///a',
    'https://-host/a',
    // Node reads `\\` as `/`, and a scheme without slashes; git does not, and went to evil.example with the login for host.
    'https://host\\@evil.example/a',
    'https://host\\.evil.example/a',
    'https:\\\\host/a',
    'https:host/a',
    'https:///host/a',
    'relative/path',
    '',
  ])('attack: %j is none', (url) => {
    expect(() => checkRemote({ url, branch: 'main', commit: '' }, true)).toThrow()
  })

  it.each(['https://ann:canary@host/a', 'https://canary@host/a', 'ssh://git:canary@host/a'])(
    'with a login in it is refused, and not repeated: %s',
    (url) => {
      expect(() => checkRemote({ url, branch: 'main', commit: '' }, true)).toThrow(/^(?!.*canary).*credentials/)
    },
  )
})

it('whatever is tried, what git is given begins with no dash, has no spaces, and is reached by a way that is known', () => {
  const start = fc.constantFrom(
    'ssh://',
    'git://',
    'ext::',
    'ftp://',
    'git@host:',
    'host:',
    '-',
    '--upload-pack=',
    '',
    'https://',
  )
  fc.assert(
    fc.property(start, fc.string(), (prefix, rest) => {
      const url = `${prefix}${rest}`
      try {
        checkRemote({ url, branch: 'main', commit: '' }, true)
      } catch {
        return
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
      expect(url).toMatch(/^[^-\u0000-\u0020][^\u0000-\u0020]*$/)
      expect(['http', 'https', 'ssh', 'file']).toContain(addressOf(url)?.transport)
      expect(addressOf(url)?.hostname).not.toMatch(/^-/)
      expect(addressOf(url)?.user ?? '').not.toMatch(/^-/)
    }),
    { numRuns: 1_000 },
  )
})
