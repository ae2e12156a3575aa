import { type Headers, headerOf } from './headers.ts'
import { bitbucketPush, type Delivered, gitlabPush, ignored, refPush } from './payload.ts'
import { signedBy, signedByGitlab, type Verify } from './signature.ts'

/** A kind of git server: how it signs, and how it says what happened. Facts are from the documentation of each. */
export interface Provider {
  readonly name: ProviderName
  readonly verify: Verify
  /** For messages to the administrator. */
  readonly signature: string
  readonly deliveryHeaders: readonly string[]
  /** What a genuine delivery tells. Throws `MalformedPayload`. */
  read(headers: Headers, payload: unknown): Delivered
}

const names = ['github', 'gitlab', 'gitea', 'forgejo', 'bitbucket'] as const
export type ProviderName = (typeof names)[number]

/** GitHub's way, which Gitea and Forgejo copy under names of their own. Without an event header the payload has to tell. */
const likeGithub =
  (...eventHeaders: readonly string[]): Provider['read'] =>
  (headers, payload) => {
    const event = firstOf(headers, eventHeaders)
    if (event === 'ping') return { kind: 'ping' }
    return event === undefined || event === 'push' ? refPush(payload) : notAPush(event)
  }

const readGitlab: Provider['read'] = (headers, payload) => {
  const event = headerOf(headers, 'x-gitlab-event')
  const isPush = event === undefined || ['Push Hook', 'Tag Push Hook', 'System Hook'].includes(event)
  return isPush ? gitlabPush(payload) : notAPush(event)
}

const readBitbucket: Provider['read'] = (headers, payload) => {
  const event = headerOf(headers, 'x-event-key')
  if (event === 'diagnostics:ping') return { kind: 'ping' }
  const isPush = event === undefined || event === 'repo:push' || event === 'repo:refs_changed'
  return isPush ? bitbucketPush(payload) : notAPush(event)
}

const github: Provider = {
  name: 'github',
  verify: signedBy('x-hub-signature-256'),
  signature: 'X-Hub-Signature-256',
  deliveryHeaders: ['x-github-delivery'],
  read: likeGithub('x-github-event'),
}
const gitlab: Provider = {
  name: 'gitlab',
  verify: signedByGitlab,
  signature: 'X-Gitlab-Token or webhook-signature',
  deliveryHeaders: ['x-gitlab-event-uuid', 'webhook-id', 'x-gitlab-webhook-uuid'],
  read: readGitlab,
}
const gitea: Provider = {
  name: 'gitea',
  verify: signedBy('x-gitea-signature', 'x-hub-signature-256'),
  signature: 'X-Gitea-Signature',
  deliveryHeaders: ['x-gitea-delivery', 'x-github-delivery'],
  read: likeGithub('x-gitea-event', 'x-github-event'),
}
const forgejo: Provider = {
  name: 'forgejo',
  verify: signedBy('x-forgejo-signature', 'x-gitea-signature', 'x-hub-signature-256'),
  signature: 'X-Forgejo-Signature',
  deliveryHeaders: ['x-forgejo-delivery', 'x-gitea-delivery', 'x-github-delivery'],
  read: likeGithub('x-forgejo-event', 'x-gitea-event', 'x-github-event'),
}
/** Cloud and Data Center. */
const bitbucket: Provider = {
  name: 'bitbucket',
  verify: signedBy('x-hub-signature'),
  signature: 'X-Hub-Signature',
  deliveryHeaders: ['x-request-uuid', 'x-request-id'],
  read: readBitbucket,
}

/** By the name in the path. */
export const providers: ReadonlyMap<string, Provider> = new Map(
  [github, gitlab, gitea, forgejo, bitbucket].map((provider) => [provider.name, provider]),
)

/** The id that the sender gave the delivery; `undefined` when it gave none, or something that is not an id. */
export const deliveryIdOf = ({ deliveryHeaders }: Provider, headers: Headers): string | undefined => {
  const id = firstOf(headers, deliveryHeaders)
  return id !== undefined && /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/.test(id) ? id : undefined
}

const firstOf = (headers: Headers, wanted: readonly string[]): string | undefined =>
  wanted.map((name) => headerOf(headers, name)).find((value) => value !== undefined)

const notAPush = (event: string): Delivered => ignored(`the event ${JSON.stringify(event.slice(0, 60))} is not a push`)
