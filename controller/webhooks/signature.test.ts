import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { providers } from './providers.ts'

const verify = (provider: string, secret: string, body: string, headers: Record<string, string>) =>
  providers.get(provider)?.verify(secret, Buffer.from(body), headers)
const hex = (secret: string, body: string) => createHmac('sha256', secret).update(body).digest('hex')

describe('published examples', () => {
  it.each([
    [
      'GitHub, "Validating webhook deliveries"',
      'github',
      "It's a Secret to Everybody",
      'Hello, World!',
      { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
    ],
    [
      'Bitbucket Cloud, "Manage webhooks"',
      'bitbucket',
      "It's a Secret to Everybody",
      'Hello World!',
      { 'x-hub-signature': 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9' },
    ],
    [
      'Standard Webhooks, the test of its libraries',
      'gitlab',
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      '{"test": 2432232314}',
      {
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      },
    ],
  ])('%s', (_, provider, secret, body, headers) => {
    expect(verify(provider, secret, body, headers)).toBe(true)
    expect(verify(provider, secret, `${body} `, headers)).toBe(false)
    expect(verify(provider, secret.replace(/.$/, 'x'), body, headers)).toBe(false)
  })
})

const signature = hex('s', 'b')
describe('a delivery is genuine', () => {
  it.each<[string, string, Record<string, string>]>([
    ['with the prefix sha256=', 'github', { 'x-hub-signature-256': `sha256=${signature}` }],
    ['without it, as Komodo takes it', 'github', { 'x-hub-signature-256': signature }],
    ['in upper case', 'github', { 'x-hub-signature-256': signature.toUpperCase() }],
    ['by the name of Gitea', 'gitea', { 'x-gitea-signature': signature }],
    ['by the name of GitHub, which Gitea sends, too', 'gitea', { 'x-hub-signature-256': `sha256=${signature}` }],
    ['by the name of Forgejo', 'forgejo', { 'x-forgejo-signature': signature }],
    ['by the name of Gitea, from Forgejo', 'forgejo', { 'x-gitea-signature': signature }],
    ['of Bitbucket Data Center', 'bitbucket', { 'x-hub-signature': `sha256=${signature}` }],
    ['with the token of GitLab', 'gitlab', { 'x-gitlab-token': 's' }],
    [
      'with one of two signatures of GitLab, while its key is replaced',
      'gitlab',
      {
        'webhook-id': 'i',
        'webhook-timestamp': '1',
        'webhook-signature': `v1,${'A'.repeat(43)}= v1,${createHmac('sha256', 's').update('i.1.b').digest('base64')}`,
      },
    ],
  ])('%s', (_, provider, headers) => {
    expect(verify(provider, 's', 'b', headers)).toBe(true)
  })
})

describe('a delivery is refused', () => {
  it.each<[string, string, Record<string, string>]>([
    ['without any signature', 'github', {}],
    ['with an empty one', 'github', { 'x-hub-signature-256': '' }],
    ['with half of one', 'github', { 'x-hub-signature-256': signature.slice(0, 32) }],
    ['with more than one', 'github', { 'x-hub-signature-256': `${signature}00` }],
    ['with that of another body', 'github', { 'x-hub-signature-256': hex('s', 'B') }],
    ['with that of another secret', 'github', { 'x-hub-signature-256': hex('S', 'b') }],
    ['with SHA-1', 'github', { 'x-hub-signature': `sha1=${createHmac('sha1', 's').update('b').digest('hex')}` }],
    ['with the token of GitLab, by another server', 'github', { 'x-gitlab-token': 's' }],
    ['with the beginning of the token', 'gitlab', { 'x-gitlab-token': '' }],
    ['with a token that is longer', 'gitlab', { 'x-gitlab-token': 's ' }],
    [
      'when an id was put to a signature of another one',
      'gitlab',
      {
        'webhook-id': 'j',
        'webhook-timestamp': '1',
        'webhook-signature': `v1,${createHmac('sha256', 's').update('i.1.b').digest('base64')}`,
      },
    ],
    [
      'when a wrong signature comes first and the right one under a weaker name',
      'gitea',
      { 'x-gitea-signature': 'nonsense', 'x-hub-signature-256': signature },
    ],
  ])('%s', (_, provider, headers) => {
    expect(verify(provider, 's', 'b', headers)).toBe(false)
  })

  it.each(['whsec_', 'whsec_-_-_', 'whsec_='])('with the empty key that %s could be read as', (secret) => {
    const signature = createHmac('sha256', '').update('i.1.b').digest('base64')
    const headers = { 'webhook-id': 'i', 'webhook-timestamp': '1', 'webhook-signature': `v1,${signature}` }
    expect(verify('gitlab', secret, 'b', headers)).toBe(false)
  })

  it('whatever the headers are, unless they are made with the secret; and nothing throws', () => {
    const names = ['x-hub-signature-256', 'x-hub-signature', 'x-gitea-signature', 'x-gitlab-token', 'webhook-signature']
    const value = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constant(`sha256=${'0'.repeat(64)}`))
    fc.assert(
      fc.property(
        fc.constantFrom(...providers.keys()),
        fc.dictionary(fc.constantFrom(...names), value),
        fc.string(),
        (provider, headers, body) => verify(provider, 'a secret that nobody guesses', body, headers) === false,
      ),
    )
  })
})
