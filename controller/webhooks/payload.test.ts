import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Headers } from './headers.ts'
import { MalformedPayload, parsePayload } from './payload.ts'
import { deliveryIdOf, type Provider, providers } from './providers.ts'

const providerOf = (name: string): Provider => {
  const found = providers.get(name)
  if (found === undefined) throw new Error(`no provider ${name}`)
  return found
}
const read = (provider: string, headers: Headers, payload: unknown) => providerOf(provider).read(headers, payload)

const hash = '59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5'
const zeros = '0'.repeat(40)
const pushed = (branch: string, commit?: string, repository?: string) => ({
  kind: 'push',
  pushes: [{ branch, ...(commit === undefined ? {} : { commit }) }],
  repository,
})
const ignored = (reason: RegExp) => ({ kind: 'ignored', reason: expect.stringMatching(reason) })

// Shapes as the documentation of each server shows them, shortened to what counts.
describe('what a delivery tells', () => {
  const github = { ref: 'refs/heads/main', after: hash, deleted: false, repository: { full_name: 'acme/infra' } }
  const gitlab = {
    object_kind: 'push',
    event_name: 'push',
    ref: 'refs/heads/main',
    after: hash,
    project: { path_with_namespace: 'acme/infra' },
  }
  const cloud = {
    push: {
      changes: [
        { new: { type: 'branch', name: 'main', target: { hash } }, old: null },
        { new: { type: 'tag', name: 'v1', target: { hash } } },
        { new: null, old: { type: 'branch', name: 'gone' } },
      ],
    },
    repository: { full_name: 'acme/infra' },
  }
  const dataCenter = {
    eventKey: 'repo:refs_changed',
    repository: { slug: 'infra', project: { key: 'ACME' } },
    changes: [
      { ref: { id: 'refs/heads/main', displayId: 'main', type: 'BRANCH' }, toHash: hash, type: 'UPDATE' },
      { ref: { id: 'refs/heads/old', displayId: 'old', type: 'BRANCH' }, toHash: zeros, type: 'DELETE' },
      { ref: { id: 'refs/tags/v1', displayId: 'v1', type: 'TAG' }, toHash: hash, type: 'ADD' },
    ],
  }

  it.each<[string, string, Headers, unknown, unknown]>([
    ['a push to GitHub', 'github', { 'x-github-event': 'push' }, github, pushed('main', hash, 'acme/infra')],
    ['a push without an event header, as scripts send it', 'github', {}, { ref: 'refs/heads/main' }, pushed('main')],
    ['a branch with slashes', 'github', {}, { ref: 'refs/heads/feature/a/b' }, pushed('feature/a/b')],
    ['the ping of GitHub', 'github', { 'x-github-event': 'ping' }, { zen: 'Design for failure.' }, { kind: 'ping' }],
    [
      'an issue',
      'github',
      { 'x-github-event': 'issues' },
      { ref: 'refs/heads/main' },
      ignored(/event "issues" is not a push/),
    ],
    ['a tag', 'github', {}, { ref: 'refs/tags/main' }, ignored(/tag was pushed/)],
    ['a note', 'github', {}, { ref: 'refs/notes/x' }, ignored(/"refs\/notes\/x" is not a branch/)],
    ['a branch that was deleted', 'github', {}, { ...github, deleted: true }, ignored(/branch "main" was deleted/)],
    ['a branch that is gone', 'gitea', {}, { ...github, after: zeros }, ignored(/branch "main" was deleted/)],
    ['a push to Gitea', 'gitea', { 'x-gitea-event': 'push' }, github, pushed('main', hash, 'acme/infra')],
    [
      'a push to Forgejo',
      'forgejo',
      { 'x-forgejo-event': 'push', 'x-gitea-event': 'push' },
      github,
      pushed('main', hash, 'acme/infra'),
    ],
    ['a new branch', 'forgejo', { 'x-forgejo-event': 'create' }, { ref: 'main' }, ignored(/"create" is not a push/)],
    ['a push to GitLab', 'gitlab', { 'x-gitlab-event': 'Push Hook' }, gitlab, pushed('main', hash, 'acme/infra')],
    ['a tag of GitLab', 'gitlab', { 'x-gitlab-event': 'Tag Push Hook' }, { ref: 'refs/tags/v1' }, ignored(/tag/)],
    [
      'a system hook of GitLab about a push',
      'gitlab',
      { 'x-gitlab-event': 'System Hook' },
      gitlab,
      pushed('main', hash, 'acme/infra'),
    ],
    [
      'a system hook of GitLab about a user',
      'gitlab',
      { 'x-gitlab-event': 'System Hook' },
      { event_name: 'user_create' },
      ignored(/"user_create" is not a push/),
    ],
    ['a merge request', 'gitlab', { 'x-gitlab-event': 'Merge Request Hook' }, gitlab, ignored(/is not a push/)],
    [
      'a push to Bitbucket Cloud: branches only, and what is there',
      'bitbucket',
      { 'x-event-key': 'repo:push' },
      cloud,
      pushed('main', hash, 'acme/infra'),
    ],
    [
      'a push to Bitbucket Data Center',
      'bitbucket',
      { 'x-event-key': 'repo:refs_changed' },
      dataCenter,
      pushed('main', hash, 'ACME/infra'),
    ],
    ['a try of Bitbucket', 'bitbucket', { 'x-event-key': 'diagnostics:ping' }, { test: true }, { kind: 'ping' }],
    ['tags alone', 'bitbucket', {}, { push: { changes: [{ new: { type: 'tag', name: 'v' } }] } }, ignored(/no branch/)],
    [
      'a commit that is none: the branch counts',
      'github',
      {},
      { ref: 'refs/heads/main', after: '$(reboot)' },
      pushed('main'),
    ],
  ])('%s', (_, provider, headers, payload, expected) => {
    expect(read(provider, headers, payload)).toEqual(expected)
  })

  it.each<[string, string, unknown, RegExp]>([
    ['without a ref', 'github', {}, /does not say in `ref`/],
    ['with a ref that is no text', 'github', { ref: { toString: 'x' } }, /does not say in `ref`/],
    ['with null', 'github', null, /not an object/],
    ['with a list', 'gitlab', [], /not an object/],
    ['with a number', 'gitea', 1, /not an object/],
    ['without changes', 'bitbucket', { push: {} }, /no list of changes/],
    ['with changes that are a text', 'bitbucket', { changes: 'all' }, /no list of changes/],
    [
      'with a branch that is an option',
      'github',
      { ref: 'refs/heads/--upload-pack=x' },
      /not a name that a git branch/,
    ],
    ['with a branch that steers a terminal', 'github', { ref: 'refs/heads/\u001b[2J' }, /not a name that a git branch/],
    ['with a branch of a megabyte', 'github', { ref: `refs/heads/${'x'.repeat(1 << 20)}` }, /not a name that a git/],
    ['with a ref below a prototype', 'github', JSON.parse('{"__proto__":{"ref":"refs/heads/main"}}'), /in `ref`/],
  ])('%s it is malformed', (_, provider, payload, message) => {
    expect(() => read(provider, {}, payload)).toThrow(MalformedPayload)
    expect(() => read(provider, {}, payload)).toThrow(message)
  })

  it('never throws anything but that, whatever the payload', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...providers.keys()),
        fc.dictionary(fc.constantFrom('x-github-event', 'x-gitlab-event', 'x-event-key', '__proto__'), fc.string()),
        fc.oneof(
          fc.jsonValue(),
          fc.record({ ref: fc.jsonValue(), after: fc.jsonValue(), repository: fc.jsonValue(), push: fc.jsonValue() }),
          fc.record({
            changes: fc.array(fc.record({ new: fc.jsonValue(), ref: fc.jsonValue(), type: fc.jsonValue() })),
          }),
        ),
        (provider, headers, payload) => {
          try {
            return ['push', 'ping', 'ignored'].includes(read(provider, headers, payload).kind)
          } catch (error) {
            return error instanceof MalformedPayload && error.message.length < 300
          }
        },
      ),
    )
  })
})

describe('the body', () => {
  const bytes = (text: string) => Buffer.from(text)

  it('may be a form, as GitHub sends it unless told otherwise', () => {
    const form = bytes(`payload=${encodeURIComponent('{"ref":"refs/heads/main"}')}`)
    expect(parsePayload(form, 'application/x-www-form-urlencoded')).toEqual({ ref: 'refs/heads/main' })
  })

  it('of `curl -d` is JSON, although curl calls it a form', () => {
    const form = 'application/x-www-form-urlencoded'
    expect(parsePayload(bytes(' {"ref":"refs/heads/a=b&c"}'), form)).toEqual({ ref: 'refs/heads/a=b&c' })
  })

  it.each(['', '{', '{"ref":', 'payload=1', '\u0000', '[1,]'])('%j is not JSON', (text) => {
    expect(() => parsePayload(bytes(text), 'application/json')).toThrow(/not JSON/)
  })

  it('of a megabyte of brackets is read without a stack overflow', () => {
    const depth = 500_000
    const deep = parsePayload(bytes('['.repeat(depth) + ']'.repeat(depth)), undefined)
    expect(() => read('github', {}, deep)).toThrow(MalformedPayload)
    expect(() => read('bitbucket', {}, deep)).toThrow(MalformedPayload)
  })

  it('changes no prototype', () => {
    parsePayload(bytes('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'), undefined)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
})

describe('the delivery id', () => {
  it.each<[string, string, Headers, string | undefined]>([
    [
      'GitHub',
      'github',
      { 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' },
      '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    ],
    ['GitLab', 'gitlab', { 'x-gitlab-event-uuid': '13792a34' }, '13792a34'],
    ['Gitea', 'gitea', { 'x-gitea-delivery': 'f6266f16' }, 'f6266f16'],
    ['Forgejo', 'forgejo', { 'x-forgejo-delivery': 'f6266f16' }, 'f6266f16'],
    ['Bitbucket Cloud', 'bitbucket', { 'x-request-uuid': 'a-b' }, 'a-b'],
    ['Bitbucket Data Center', 'bitbucket', { 'x-request-id': 'c-d' }, 'c-d'],
    ['none', 'github', {}, undefined],
    ['one that is too long', 'github', { 'x-github-delivery': 'a'.repeat(65) }, undefined],
    ['one that is no id', 'github', { 'x-github-delivery': 'a"}\n' }, undefined],
  ])('%s', (_, provider, headers, expected) => {
    expect(deliveryIdOf(providerOf(provider), headers)).toBe(expected)
  })
})
