import { keyText } from '../api/meta.ts'
import { annotation, komodoNameOf } from '../api/names.ts'
import { type Action as ActionObject, actionKind } from '../api/v1alpha1/action.ts'
import { type Build, buildKind } from '../api/v1alpha1/build.ts'
import type { KindDefinition } from '../api/v1alpha1/kind.ts'
import { type Procedure, procedureKind } from '../api/v1alpha1/procedure.ts'
import { type Repo, repoKind } from '../api/v1alpha1/repo.ts'
import { type ResourceSync, resourceSyncKind } from '../api/v1alpha1/resource-sync.ts'
import { type Stack, stackKind } from '../api/v1alpha1/stack.ts'
import type { Lister } from '../engine/lister.ts'
import { remoteUrl } from '../git/remote.ts'
import { type Action, ANY_BRANCH, type OneTarget, type Resource } from './route.ts'

/** What a webhook can trigger. */
export type Webhookable = ResourceSync | Stack | Repo | Build | Procedure | ActionObject

/** An object, and what a delivery does to it. */
export interface Target {
  readonly kind: KindDefinition
  readonly object: Readonly<Webhookable>
  readonly action: Action
}

const kinds: Readonly<Record<Resource, KindDefinition>> = {
  sync: resourceSyncKind,
  stack: stackKind,
  repo: repoKind,
  build: buildKind,
  procedure: procedureKind,
  action: actionKind,
}

/** What a push to their repository means for those that follow it. */
const followers: readonly { resource: Resource; action: Action }[] = [
  { resource: 'sync', action: 'look' },
  { resource: 'stack', action: 'deploy' },
  { resource: 'repo', action: 'look' },
]

type ListerOf = (kind: KindDefinition) => Lister<Webhookable>

/** Finds the objects that deliveries mean, in the watched copies. */
export class Targets {
  readonly #listers: ReadonlyMap<Resource, Lister<Webhookable>>
  readonly #defaultNamespace: string

  /** `defaultNamespace`: of ids that name none. */
  constructor(listerOf: ListerOf, defaultNamespace: string) {
    this.#defaultNamespace = defaultNamespace
    this.#listers = new Map(Object.entries(kinds).map(([resource, kind]) => [resource as Resource, listerOf(kind)]))
    for (const { resource } of followers) this.#of(resource).addIndex(FOLLOWS, indexOf)
  }

  /** `undefined` for what does not exist, is being deleted, or has webhooks switched off: nobody can tell these apart from outside. */
  one({ resource, id, action }: OneTarget): Target | undefined {
    const object = this.#find(resource, id)
    return object !== undefined && takesWebhooks(object) ? { kind: kinds[resource], object, action } : undefined
  }

  /** All that follow a branch of a repository (`owner/name`), through a Repo or by themselves. */
  following(repository: string, branches: ReadonlySet<string>): Target[] {
    const repos = this.#of('repo').byIndex(FOLLOWS, baseOf(repository)) as readonly Repo[]
    const linked = repos
      .filter((repo) => isRemoteOf(repo, repository))
      .flatMap(({ metadata }) =>
        [metadata.name, komodoNameOf({ metadata }), metadata.annotations?.[annotation.id] ?? []]
          .flat()
          .map((name) => linkKey(metadata.namespace, name)),
      )
    return followers.flatMap(({ resource, action }) => {
      const lister = this.#of(resource)
      const own = lister.byIndex(FOLLOWS, baseOf(repository)).filter((object) => isRemoteOf(object, repository))
      const found = new Set([...own, ...linked.flatMap((key) => lister.byIndex(FOLLOWS, key))])
      return [...found]
        .filter((object) => takesWebhooks(object) && branches.has(this.branchOf(object) ?? ''))
        .map((object) => ({ kind: kinds[resource], object, action }))
    })
  }

  /**
   * The branch whose pushes count: the one in the path, else the one that the object follows, which for one with `linkedRepo` is the Repo's.
   * `undefined` when there is no such Repo; `ANY_BRANCH` takes all.
   */
  branchOf(object: Readonly<Webhookable>, inPath?: string): string | undefined {
    if (inPath !== undefined) return inPath
    if (!('branch' in object.spec)) return ANY_BRANCH
    const link = linkOf(object)
    if (link === undefined) return object.spec.branch
    const repo = this.#of('repo').find(object.metadata.namespace, link) as Readonly<Repo> | undefined
    return repo?.spec.branch
  }

  #find(resource: Resource, id: string): Readonly<Webhookable> | undefined {
    const lister = this.#of(resource)
    const here = lister.find(this.#defaultNamespace, id)
    const colon = id.indexOf(':')
    return here ?? (colon > 0 ? lister.find(id.slice(0, colon), id.slice(colon + 1)) : undefined)
  }

  #of(resource: Resource): Lister<Webhookable> {
    return this.#listers.get(resource) as Lister<Webhookable>
  }
}

const FOLLOWS = 'webhook-repository'

const takesWebhooks = ({ spec, metadata }: Readonly<Webhookable>): boolean =>
  spec.webhookEnabled && metadata.deletionTimestamp === undefined

/** Name of the Repo that the repository is taken from. */
export const linkOf = ({ spec }: Readonly<Webhookable>): string | undefined =>
  'linkedRepo' in spec && spec.linkedRepo !== '' && !urlOf(spec) ? spec.linkedRepo : undefined

const linkKey = (namespace: string | undefined, name: string): string => `link ${keyText({ namespace, name })}`

/** Under what a push finds the object: the last part of its repository, or the Repo that it names. */
function indexOf(object: Readonly<Webhookable>): string[] {
  const link = linkOf(object)
  if (link !== undefined) return [linkKey(object.metadata.namespace, link)]
  const path = pathOf(object)
  return path === undefined ? [] : [baseOf(path)]
}

/**
 * Whether the object's repository is the one that was pushed to: its path ends in that name. The host is not compared: a server
 * often has another name for its users than from here, and one look too many at a repository harms nobody.
 */
function isRemoteOf(object: Readonly<Webhookable>, repository: string): boolean {
  const [path, wanted] = [pathOf(object), normalized(repository)]
  return path !== undefined && (path === wanted || path.endsWith(`/${wanted}`))
}

/** `owner/name` of the object's own remote, with whatever stands before it; `undefined` when it has none. */
function pathOf({ spec }: Readonly<Webhookable>): string | undefined {
  if (!('repo' in spec)) return undefined
  if (spec.repo === '' && !urlOf(spec)) return undefined
  const url = remoteUrl({ ...spec, operator: { ...(urlOf(spec) === undefined ? {} : { url: urlOf(spec) }) } })
  // `https://host/path`, `ssh://host/path`, `user@host:path`, `/path`
  return normalized(url.replace(/^[a-z+]+:\/\/[^/]*/i, '').replace(/^[^/]*@[^/:]+:/, ''))
}

const urlOf = (spec: Readonly<Webhookable>['spec']): string | undefined =>
  'operator' in spec && 'url' in spec.operator ? spec.operator.url : undefined

const normalized = (path: string): string =>
  path
    .toLowerCase()
    .replace(/^\/+|\/+$/g, '')
    .replace(/\.git$/, '')

const baseOf = (path: string): string => normalized(path).split('/').at(-1) ?? ''
