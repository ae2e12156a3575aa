import { keyOf, keyText } from '../../api/meta.ts'
import { komodoNameOf } from '../../api/names.ts'
import { type Repo, repoCondition, repoKind } from '../../api/v1alpha1/repo.ts'
import type { Pass, Recheck, Reconciler } from '../../engine/reconciler.ts'
import { Attempts } from '../attempts.ts'
import { type Place, removeForDeletion } from '../places.ts'
import { ownerOf, referencesTo, usableServer } from '../references.ts'
import { whenServerChanges } from '../server-wake.ts'
import { intervalOf, lookAtRemote, type RepoDeps } from './look.ts'
import { pullNowhere, pullWhenNeeded, removal } from './pull.ts'
import { placeOf } from './request.ts'

const { serverReady, sourceReady, pulled } = repoCondition
const SERVER = 'server'

/**
 * Knows at which commit a repository is, for itself and for all who link it, and keeps the files on its server equal to that commit.
 * Writes the Repo's directory there and `Repo.status`, nothing else.
 *
 * Woken by the Repo itself, its Server, and the variables and Secrets it uses; asks the remote every `operator.interval`.
 */
export function repoReconciler(deps: RepoDeps): Reconciler<Repo> {
  const { repos, servers, secrets, access, users, hosts, clock } = deps
  const attempts = new Attempts(clock)
  repos.addIndex(SERVER, ({ metadata, spec }) => [keyText({ namespace: metadata.namespace, name: spec.server })])

  return {
    type: repoKind,
    owns: [sourceReady, serverReady, pulled],
    wakeOn: [
      users.wake(repos, secrets),
      access.wake(repos, ({ spec }) => spec),
      whenServerChanges(servers, (server) =>
        referencesTo(server).flatMap((name) =>
          repos.byIndex(SERVER, keyText({ namespace: server.metadata.namespace, name })).map(keyOf),
        ),
      ),
    ],
    workers: 16,
    lane: ({ metadata, spec }) => keyText({ namespace: metadata.namespace, name: spec.server }),
    laneWorkers: 4,
    timeoutMs: 2 * 60 * 60_000,

    async reconcile(repo, pass) {
      if (repo.spec.template) return reportTemplate(pass)
      pass.status.markUnknown(
        pulled,
        'NotLookedAt',
        'What the server has is not known while it or the source is not ready.',
      )
      const wanted = await lookAtRemote(repo, pass, deps)
      if (repo.spec.server === '') {
        await pullNowhere({ repo, pass, deps })
        return reportSourceOnly(repo, pass)
      }
      const server = usableServer(servers, { ...repo, spec: { server: repo.spec.server, swarm: '' } })
      pass.status.markTrue(serverReady, 'Reachable', `Server "${komodoNameOf(server)}" answers.`)
      await pullWhenNeeded({ repo, pass, server, host: hosts.for(server), wanted, attempts, deps })
      return { afterMs: intervalOf(repo) }
    },

    async finalize(repo, pass) {
      attempts.forget(ownerOf(repo))
      if (repo.spec.operator.deletionPolicy === 'Orphan') return
      await removeForDeletion(placesOf(repo, deps), repo, pass, deps, pulled, removal(repo, pass))
    },
  }
}

/** Everywhere that files of the Repo may be. */
function placesOf(repo: Readonly<Repo>, { servers }: RepoDeps): readonly Place[] {
  const { metadata, spec, status } = repo
  const places: Place[] = [...(status?.leftovers ?? [])]
  if (status?.server !== undefined && status.directory !== undefined) {
    places.push({ server: status.server, name: status.directory })
  } else if (spec.server !== '' && !spec.template) {
    // A crash may have kept status from saying where it went.
    const server = servers.find(metadata.namespace, spec.server)
    if (server !== undefined) places.push({ server: server.metadata.name, name: placeOf(repo).directory })
  }
  return places
}

function reportSourceOnly(repo: Readonly<Repo>, pass: Pass<Repo>): Recheck {
  pass.status.markTrue(serverReady, 'NoServer', 'No server is named: nothing is cloned.')
  const { source, revision = '' } = pass.status.fields
  pass.status.markTrue(pulled, 'SourceOnly', `A source for others: ${source} is at commit ${revision.slice(0, 10)}`)
  return { afterMs: intervalOf(repo) }
}

function reportTemplate(pass: Pass<Repo>): Recheck {
  for (const condition of [sourceReady, serverReady, pulled]) {
    pass.status.markTrue(condition, 'Template', 'It is a template and never pulled.')
  }
  return {}
}
