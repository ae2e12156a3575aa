import { isBranchName } from '../git/remote.ts'
import { isPlainObject, valueAt } from '../json.ts'

/** What a delivery says that happened. A hint, never more: what is deployed comes from git itself. */
export type Delivered =
  | { kind: 'push'; pushes: readonly Push[]; repository: string | undefined }
  /** The sender tries whether somebody listens. */
  | { kind: 'ping' }
  /** Genuine, and nothing for us; the reason goes back to the sender. */
  | { kind: 'ignored'; reason: string }

/** One branch that moved. */
export interface Push {
  branch: string
  commit?: string
}

/** The payload cannot be what the event says. The message goes back to the sender, who is known by now. */
export class MalformedPayload extends Error {
  override readonly name = 'MalformedPayload'
}

export const ignored = (reason: string): Delivered => ({ kind: 'ignored', reason })

/**
 * The body as JSON: plain, or in the form field `payload`, as GitHub and Gitea send it when told so. `curl -d` calls everything a form,
 * so what looks like JSON is JSON. Throws `MalformedPayload`.
 */
export function parsePayload(body: Uint8Array, contentType: string | undefined): unknown {
  const text = new TextDecoder().decode(body)
  const saysForm = contentType?.trim().toLowerCase().startsWith('application/x-www-form-urlencoded') === true
  const isForm = saysForm && !text.trimStart().startsWith('{')
  const json = isForm ? (new URLSearchParams(text).get('payload') ?? '') : text
  try {
    return JSON.parse(json)
  } catch {
    throw new MalformedPayload('the body is not JSON')
  }
}

/** GitHub, Gitea, Forgejo: `ref`, `after`, `deleted`, `repository.full_name`. */
export function refPush(payload: unknown): Delivered {
  const deleted = valueAt(payload, ['deleted']) === true
  return oneRef(payload, textAt(payload, 'after'), deleted, textAt(payload, 'repository', 'full_name'))
}

/** GitLab: the same `ref`; a system hook tells in `event_name` what it is about. */
export function gitlabPush(payload: unknown): Delivered {
  const name = textAt(payload, 'event_name')
  if (name !== undefined && name !== 'push' && name !== 'tag_push')
    return ignored(`the event ${show(name)} is not a push`)
  const after = textAt(payload, 'after')
  return oneRef(payload, after, false, textAt(payload, 'project', 'path_with_namespace'))
}

/** Bitbucket Cloud (`push.changes`) and Data Center (`changes`): several branches at a time. */
export function bitbucketPush(payload: unknown): Delivered {
  const cloud = valueAt(payload, ['push', 'changes'])
  const changes = cloud ?? valueAt(payload, ['changes'])
  if (!Array.isArray(changes)) {
    // Data Center tries the address so.
    if (valueAt(payload, ['test']) === true) return { kind: 'ping' }
    throw new MalformedPayload('the payload has no list of changes')
  }
  const pushes = changes
    .slice(0, MOST_CHANGES)
    .flatMap((change) => (cloud === undefined ? dataCenter(change) : ofCloud(change)))
  if (pushes.length === 0) return ignored('no branch was pushed to')
  return { kind: 'push', pushes, repository: bitbucketRepository(payload) }
}

/** A push of more branches than this tells of the first ones only; the interval finds the others. */
const MOST_CHANGES = 100

function ofCloud(change: unknown): Push[] {
  const branch = textAt(change, 'new', 'name')
  if (valueAt(change, ['new', 'type']) !== 'branch' || branch === undefined) return []
  return [pushTo(branch, textAt(change, 'new', 'target', 'hash'))]
}

function dataCenter(change: unknown): Push[] {
  const ref = textAt(change, 'ref', 'id') ?? textAt(change, 'refId') ?? ''
  if (!ref.startsWith(HEADS) || valueAt(change, ['type']) === 'DELETE') return []
  return [pushTo(ref.slice(HEADS.length), textAt(change, 'toHash'))]
}

function bitbucketRepository(payload: unknown): string | undefined {
  const [project, slug] = [textAt(payload, 'repository', 'project', 'key'), textAt(payload, 'repository', 'slug')]
  return (
    textAt(payload, 'repository', 'full_name') ??
    (project !== undefined && slug !== undefined ? `${project}/${slug}` : undefined)
  )
}

const HEADS = 'refs/heads/'

function oneRef(
  payload: unknown,
  after: string | undefined,
  deleted: boolean,
  repository: string | undefined,
): Delivered {
  if (!isPlainObject(payload)) throw new MalformedPayload('the payload is not an object')
  const ref = textAt(payload, 'ref')
  if (ref === undefined || ref === '') throw new MalformedPayload('the payload does not say in `ref` what was pushed')
  if (ref.startsWith('refs/tags/')) return ignored('a tag was pushed, not a branch')
  if (ref.startsWith('refs/') && !ref.startsWith(HEADS)) return ignored(`${show(ref)} is not a branch`)
  const branch = ref.startsWith(HEADS) ? ref.slice(HEADS.length) : ref
  if (deleted || (after !== undefined && /^0+$/.test(after))) return ignored(`branch ${show(branch)} was deleted`)
  return { kind: 'push', pushes: [pushTo(branch, after)], repository }
}

function pushTo(branch: string, commit: string | undefined): Push {
  if (!isBranchName(branch)) throw new MalformedPayload(`${show(branch)} is not a name that a git branch can have`)
  return { branch, ...(commit !== undefined && /^[0-9a-f]{7,64}$/i.test(commit) ? { commit } : {}) }
}

/** A text at that place, own properties only; `undefined` for anything else. */
const textAt = (value: unknown, ...path: readonly string[]): string | undefined => {
  const found = valueAt(value, path)
  return typeof found === 'string' ? found : undefined
}

const show = (text: string): string => JSON.stringify(text.slice(0, 100))
