import { parseDuration } from '../../api/duration.ts'
import { annotation } from '../../api/names.ts'
import { type Repo, repoCondition } from '../../api/v1alpha1/repo.ts'
import { StalledError } from '../../engine/errors.ts'
import type { Pass } from '../../engine/reconciler.ts'
import { remoteUrl } from '../../git/remote.ts'
import type { SourceTree } from '../../git/tree.ts'
import type { AfterPull, RepoPlace } from '../../hosts/port.ts'
import type { DeployDeps } from '../deploy-deps.ts'
import { afterPullOf } from '../source/after-pull.ts'
import type { FreshTrees } from '../source/fresh-trees.ts'
import { openTree } from '../source/open-tree.ts'
import { askedFor, hashOf, placeOf } from './request.ts'

const { sourceReady } = repoCondition

export type RepoDeps = DeployDeps & { trees: FreshTrees }

/** What a Repo asks for, with everything read that it is made of. */
export interface Wanted {
  tree: SourceTree
  after: AfterPull
  /** Values to scrub from what the host reports. */
  secrets: readonly string[]
  place: RepoPlace
  hash: string
}

/** Looks at the remote, and writes what it found into status: who links the Repo is woken by that. */
export async function lookAtRemote(repo: Readonly<Repo>, pass: Pass<Repo>, deps: RepoDeps): Promise<Wanted> {
  const { spec, metadata } = repo
  const { fields } = pass.status
  if (spec.repo === '' && !spec.operator.url) {
    throw new StalledError(sourceReady, 'NoSource', 'no repository is named: set `repo`, or `operator.url`')
  }
  const look = { settings: spec, server: spec.server, condition: sourceReady, intervalMs: intervalOf(repo) }
  const tree = await openTree(repo, look, pass, deps)
  const { made: after, secrets } = await afterPullOf(repo, sourceReady, pass, deps)
  fields.source = `${remoteUrl(spec)} ${spec.commit === '' ? spec.branch : spec.commit}`
  fields.revision = tree.revision
  fields.message = tree.message ?? ''
  pass.status.markTrue(sourceReady, 'Read', `${fields.source} is at commit ${tree.revision.slice(0, 10)}`)
  const place = placeOf(repo)
  const asked = askedFor(metadata.annotations?.[annotation.deployRequestedAt], repo)
  fields.hash = hashOf(tree.revision, place.directory, after, asked, deps.digest)
  return { tree, after, secrets, place, hash: fields.hash }
}

export const intervalOf = ({ spec }: Readonly<Repo>): number => parseDuration(spec.operator.interval)
