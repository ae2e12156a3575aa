import { conditionOf, type KubeObject, keyOf, keyText } from '../../api/meta.ts'
import { annotation, komodoNameOf } from '../../api/names.ts'
import { type Repo, repoCondition } from '../../api/v1alpha1/repo.ts'
import { WaitingError } from '../../engine/errors.ts'
import type { Change, Lister } from '../../engine/lister.ts'
import type { Wake } from '../../engine/reconciler.ts'
import { whenChanged } from '../../engine/wake.ts'
import type { GitRepositorySpec } from '../../git/remote.ts'
import { missingText, NOT_BY_ITSELF_MS, referencesTo } from '../references.ts'

interface ReadsGit extends GitRepositorySpec {
  linkedRepo: string
}

/** Whether the object takes its git settings from a Repo. A URL of its own goes before that. */
export const linksRepo = ({ linkedRepo, operator }: Pick<ReadsGit, 'linkedRepo' | 'operator'>): boolean =>
  linkedRepo !== '' && !operator.url

/**
 * The Repo that the object takes its git settings from; `undefined` when it has its own. Throws `WaitingError` while there is no
 * such Repo: whoever calls is woken by `whenLinkedRepoChanges`.
 */
export function linkedRepoOf(
  { metadata: { namespace }, spec }: Readonly<KubeObject<ReadsGit>>,
  repos: Lister<Repo>,
  condition: string,
): Readonly<Repo> | undefined {
  if (!linksRepo(spec)) return undefined
  const repo = repos.find(namespace, spec.linkedRepo)
  if (repo === undefined) {
    const message = missingText('Repo', spec.linkedRepo, 'linkedRepo', namespace)
    throw new WaitingError(condition, 'RepoNotFound', message, NOT_BY_ITSELF_MS)
  }
  if (repo.spec.repo === '' && !repo.spec.operator.url) {
    const message = `Repo "${komodoNameOf(repo)}" names no repository: set its \`repo\` (or \`operator.url\`)`
    throw new WaitingError(condition, 'RepoNotReady', message, NOT_BY_ITSELF_MS)
  }
  return repo
}

const LINKED_REPO = 'linked-repo'

/** Must be called once for a lister whose objects may link a Repo. */
export const indexLinkedRepo = <T extends KubeObject>(
  lister: Lister<T>,
  linkedRepoIn: (object: Readonly<T>) => string,
): void =>
  lister.addIndex(LINKED_REPO, (object) => {
    const name = linkedRepoIn(object)
    return name === '' ? [] : [keyText({ namespace: object.metadata.namespace, name })]
  })

/** Those of an indexed lister that link the Repo. */
export const usersOfRepo = <T extends KubeObject>(lister: Lister<T>, repo: Readonly<Repo>): Readonly<T>[] =>
  referencesTo(repo).flatMap((name) =>
    lister.byIndex(LINKED_REPO, keyText({ namespace: repo.metadata.namespace, name })),
  )

/** Wakes the users of a Repo when it appears, goes, names another repository, or was found at another commit. */
export const whenLinkedRepoChanges = <T extends KubeObject>(repos: Lister<Repo>, users: Lister<T>): Wake =>
  whenChanged(repos, (repo, change) => (concernsUsers(change) ? usersOfRepo(users, repo).map(keyOf) : []))

function concernsUsers({ before, after }: Change<Repo>): boolean {
  if (before === undefined || after === undefined) return true
  const [old, now] = [before.metadata, after.metadata]
  return (
    old.uid !== now.uid ||
    old.generation !== now.generation ||
    old.annotations?.[annotation.name] !== now.annotations?.[annotation.name] ||
    old.annotations?.[annotation.id] !== now.annotations?.[annotation.id] ||
    // Commit, environment and commands, with variables replaced.
    before.status?.hash !== after.status?.hash ||
    readable(before) !== readable(after)
  )
}

const readable = (repo: Readonly<Repo>): string | undefined => conditionOf(repo, repoCondition.sourceReady)?.status
