import { isAbsolute, posix } from 'node:path'
import { pathName } from '../../api/name-rules.ts'
import { komodoNameOf } from '../../api/names.ts'
import { type Repo, repoCondition } from '../../api/v1alpha1/repo.ts'
import { StalledError } from '../../engine/errors.ts'
import type { AfterPull, RepoPlace } from '../../hosts/port.ts'
import type { Digest } from '../digest.ts'
import { ownerOf } from '../references.ts'

/**
 * Where a Repo goes on its server (behaviour §9.1): the folder of its name joined with `path`, or `path` alone when that is absolute. Two
 * namespaces may hold a Repo of one name, and must not share its files. Throws for a path that leads out of the folder: Komodo lets it.
 */
export function placeOf(repo: Readonly<Repo>): RepoPlace {
  const { namespace } = repo.metadata
  const { path } = repo.spec
  const owner = ownerOf(repo)
  if (isAbsolute(path)) return { owner, directory: path }
  const name = pathName(komodoNameOf(repo))
    .replace(/^[^\p{L}\p{N}_]+/u, '')
    .replaceAll('/', '_')
  const folder = namespace === undefined || namespace === 'default' ? name : `${namespace}.${name}`
  const directory = posix.join(folder, path).replace(/\/$/, '')
  if (directory === folder || directory.startsWith(`${folder}/`)) return { owner, directory }
  const message = `\`path\` "${path}" leads out of the directory of the Repo: give an absolute path, or one below it`
  throw new StalledError(repoCondition.pulled, 'OutsideRoot', message)
}

/** Value of the annotation that asks for a pull: a new one is one more reason to pull, an old one none. */
export const askedFor = (asked: string | undefined, repo: Readonly<Repo>): string =>
  asked ?? repo.status?.lastHandledDeployAt ?? ''

/** Names all that a pull is made from: while it stays the same nothing is pulled, and no command runs. */
export const hashOf = (revision: string, directory: string, after: AfterPull, asked: string, digest: Digest): string =>
  digest({ revision, directory, after, asked })
