import { describe, expect, it } from 'vitest'
import type { GitRemote } from './remote.ts'
import { parseGitmodules, submoduleRemote } from './submodules.ts'

const credentials = { basic: { username: 'u', password: 'p' } }
const parent = (url: string): GitRemote => ({ url, branch: 'main', commit: '', credentials })
const link = { path: 'lib', commit: '1'.repeat(40) }

describe('.gitmodules', () => {
  it('names the URL of each path, whatever is in the names', () => {
    const text =
      'submodule.a.b.path\nlib\0submodule.a.b.url\n../b.git\0submodule.x.path\ny\0submodule.x.branch\nz\0other.k\nv\0'
    expect([...parseGitmodules(text)]).toEqual([['lib', '../b.git']])
  })
})

describe('a submodule', () => {
  it.each([
    ['beside its parent', 'https://h/a/b', '../c.git', 'https://h/a/c.git'],
    ['beside its parent, which ends in a slash', 'https://h/a/b/', '../c', 'https://h/a/c'],
    ['of another owner', 'https://h/a/b', '../../o/c', 'https://h/o/c'],
    ['below its parent', 'https://h/a/b', './c', 'https://h/a/b/c'],
    ['beside its parent, by ssh', 'ssh://git@h:22/a/b', '../c', 'ssh://git@h:22/a/c'],
    ['beside its parent, by the short form of ssh', 'git@h:a/b', '../c', 'git@h:a/c'],
    ['of another owner, by the short form of ssh', 'git@h:a/b', '../../o/c', 'git@h:o/c'],
  ])('%s gets the login of its parent', (_, url, written, expected) => {
    expect(submoduleRemote(link, written, parent(url))).toMatchObject({
      url: expected,
      commit: link.commit,
      credentials,
    })
  })

  it('beside its parent on this machine is there', () => {
    expect(submoduleRemote(link, '../c', parent('/srv/a')).url).toBe('/srv/c')
  })

  it('at the same host, in full, gets the login of its parent', () => {
    expect(submoduleRemote(link, 'https://h/x', parent('https://h/a'))).toMatchObject({ credentials })
  })

  it.each([
    ['another host', 'https://h/a', 'https://other/x'],
    ['another port', 'https://h/a', 'https://h:8443/x'],
    ['the same host without TLS', 'https://h/a', 'http://h/x'],
    ['the same host by ssh', 'https://h/a', 'git@h:x'],
    ['a host that begins alike', 'https://h/a', 'https://h.evil.example/x'],
  ])('attack: at %s gets no login', (_, url, written) => {
    expect(submoduleRemote(link, written, parent(url)).credentials).toBeUndefined()
  })

  it.each([
    ['a path on this machine', 'https://h/a', '/etc'],
    ['a file URL', 'https://h/a', 'file:///etc'],
    ['a path on this machine, of a parent there', '/srv/a', '/etc'],
    ['a command', 'https://h/a', 'ext::sh -c id'],
    ['an option', 'https://h/a', '--upload-pack=id'],
    ['an option to ssh', 'https://h/a', 'ssh://-oProxyCommand=id/x'],
    ['another line', 'https://h/a', 'https://h/x\nhost=evil'],
    ['a login', 'https://h/a', 'https://u:p@h/x'],
    ['more steps up than there are', 'https://h/a', '../../../../evil.example/x'],
    ['steps up from the short form of ssh', 'git@h:a', '../../evil:x'],
    ['nothing', 'https://h/a', ''],
  ])('attack: with %s for a URL is refused, and named', (_, url, written) => {
    expect(() => submoduleRemote(link, written, parent(url))).toThrow(/submodule lib/)
  })
})
