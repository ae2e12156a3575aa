import { parseDuration } from '../../api/duration.ts'
import { annotation, komodoNameOf } from '../../api/names.ts'
import { type Repo, repoCondition } from '../../api/v1alpha1/repo.ts'
import type { Server } from '../../api/v1alpha1/server.ts'
import { TransientError } from '../../engine/errors.ts'
import type { Pass } from '../../engine/reconciler.ts'
import type { Host, RepoReport } from '../../hosts/port.ts'
import { kubeTime } from '../../status/conditions.ts'
import type { Attempts } from '../attempts.ts'
import { onHost } from '../host-failure.ts'
import { announce, forget, leave, type Place, type Remove, removeLeftovers, sameEngine } from '../places.ts'
import { ownerOf } from '../references.ts'
import type { RepoDeps, Wanted } from './look.ts'

const { pulled } = repoCondition

interface Work {
  repo: Readonly<Repo>
  pass: Pass<Repo>
  server: Readonly<Server>
  host: Host
  wanted: Wanted
  attempts: Attempts
  deps: RepoDeps
}

/** Makes the files on the server those that are wanted, and says so once a look shows it. */
export async function pullWhenNeeded(work: Work): Promise<void> {
  const { repo, pass, server, host, wanted, attempts, deps } = work
  const { fields } = pass.status
  const serverName = komodoNameOf(server)
  const look = () => onHost(serverName, pulled, () => host.observeRepo(wanted.place, pass.signal))
  let observed = await look()
  // As the host names it, which only the host knows before something is there.
  const declared = { server: server.metadata.name, name: wanted.place.directory }
  if (observed?.hash !== wanted.hash) {
    const isNew = observed === undefined || observed.directory !== fields.directory || declared.server !== fields.server
    if (isNew) await announce(declared, pass)
    await attempts.run(ownerOf(repo), wanted.hash, () => pull(work))
    attempts.forget(ownerOf(repo))
    fields.lastPulledAt = kubeTime(new Date(deps.clock.now()))
    observed = await look()
  }
  if (observed?.hash !== wanted.hash) {
    throw new TransientError(
      pulled,
      'NotSeen',
      `what was pulled is not on Server "${serverName}" any more: pulling again`,
    )
  }
  forget(declared, fields)
  moveTo({ server: server.metadata.name, name: observed.directory }, work)
  fields.pulledRevision = observed.revision
  const asked = repo.metadata.annotations?.[annotation.deployRequestedAt]
  if (asked !== undefined) fields.lastHandledDeployAt = asked
  await tidyUp(work)
  const where = `${observed.directory} on Server "${serverName}"`
  pass.status.markTrue(pulled, 'Pulled', `commit ${observed.revision.slice(0, 10)} is in ${where}`)
}

/** Within the time that the Repo allows. */
async function pull({ repo, pass, server, host, wanted, deps }: Work): Promise<RepoReport> {
  const { tree, after, place, hash, secrets } = wanted
  const serverName = komodoNameOf(server)
  const { timeout } = repo.spec.operator
  const limit = new AbortController()
  const cancel = deps.clock.setTimer(() => limit.abort(), parseDuration(timeout))
  try {
    const signal = AbortSignal.any([pass.signal, limit.signal])
    const report = await onHost(serverName, pulled, () =>
      host.pullRepo({ ...place, ...after, tree, hash, secrets }, signal),
    )
    const ran = report.log.map(({ stage }) => stage)
    const text = `Commit ${tree.revision.slice(0, 10)} was pulled to ${report.directory} on Server "${serverName}"`
    pass.event('Normal', 'Pulled', ran.length === 0 ? `${text}.` : `${text}; ${ran.join(', ')} went through.`)
    return report
  } catch (error) {
    if (!limit.signal.aborted || pass.signal.aborted) throw error
    const message = `The pull took longer than ${timeout} and was stopped: give it more time with \`operator.timeout\``
    throw new TransientError(pulled, 'PullTimedOut', message)
  } finally {
    cancel()
  }
}

/** Where the files were before is left to be tidied up. */
function moveTo(place: Place, { repo, pass, server, deps: { servers } }: Work): void {
  const { fields } = pass.status
  const { namespace } = repo.metadata
  const old = servers.get({ ...(namespace === undefined ? {} : { namespace }), name: fields.server ?? '' })
  if (fields.directory !== place.name || !sameEngine(old, server)) moveOut(pass)
  fields.server = place.server
  fields.directory = place.name
}

/** No server has the files from now on. */
export async function pullNowhere(work: Pick<Work, 'repo' | 'pass' | 'deps'>): Promise<void> {
  moveOut(work.pass)
  await tidyUp(work)
}

function moveOut({ status: { fields } }: Pass<Repo>): void {
  const { server, directory } = fields
  if (server !== undefined && directory !== undefined) leave({ server, name: directory }, fields)
  delete fields.server
  delete fields.directory
  delete fields.pulledRevision
}

async function tidyUp({ repo, pass, deps }: Pick<Work, 'repo' | 'pass' | 'deps'>): Promise<void> {
  const { server = '', directory = '' } = pass.status.fields
  await removeLeftovers({ server, name: directory }, repo, pass, deps, pulled, removal(repo, pass))
}

/** Removes what was pulled to a place, and tells what stays there. */
export const removal =
  (repo: Readonly<Repo>, pass: Pick<Pass<Repo>, 'event'>): Remove =>
  async (host, { name }, signal) => {
    const { left } = await host.removeRepo({ owner: ownerOf(repo), directory: name }, signal)
    if (left.length === 0) return
    const message = `Files in ${name} that did not come from the repository stay there: ${left.join(', ')}`
    pass.event('Normal', 'FilesLeft', message)
  }
