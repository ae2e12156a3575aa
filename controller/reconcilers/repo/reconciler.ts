import { parseDuration } from '../../api/duration.ts'
import { type Repo, repoCondition, repoKind } from '../../api/v1alpha1/repo.ts'
import { StalledError } from '../../engine/errors.ts'
import type { Pass, Recheck, Reconciler } from '../../engine/reconciler.ts'
import { remoteUrl } from '../../git/remote.ts'
import type { DeployDeps } from '../deploy-deps.ts'
import type { FreshTrees } from '../source/fresh-trees.ts'
import { openTree } from '../source/open-tree.ts'

const { serverReady, sourceReady, pulled } = repoCondition

/**
 * Knows at which commit a repository is, for itself and for all who link it. Writes `Repo.status`, nothing else.
 *
 * Woken by the Repo itself and by the Secrets it uses; asks the remote every `operator.interval`.
 */
export function repoReconciler(deps: DeployDeps & { trees: FreshTrees }): Reconciler<Repo> {
  const { repos, secrets, access, users } = deps
  return {
    type: repoKind,
    owns: [serverReady, sourceReady, pulled],
    wakeOn: [users.wake(repos, secrets), access.wake(repos, ({ spec }) => spec)],
    workers: 16,

    async reconcile(repo, pass) {
      if (repo.spec.template) return reportTemplate(pass)
      await lookAtRemote(repo, pass, deps)
      if (repo.spec.server === '') return reportSourceOnly(repo, pass)
      pass.status.markUnknown(serverReady, 'NotLookedAt', 'The server was not looked at.')
      pass.status.markFalse(
        pulled,
        'NotSupportedYet',
        'The repository can be linked, but is not cloned onto its server yet.',
      )
      return { afterMs: intervalOf(repo) }
    },
  }
}

async function lookAtRemote(
  repo: Readonly<Repo>,
  pass: Pass<Repo>,
  deps: DeployDeps & { trees: FreshTrees },
): Promise<void> {
  const { spec } = repo
  const { fields } = pass.status
  if (spec.repo === '' && !spec.operator.url) {
    throw new StalledError(sourceReady, 'NoSource', 'no repository is named: set `repo`, or `operator.url`')
  }
  const tree = await openTree(
    repo,
    { settings: spec, server: spec.server, condition: sourceReady, intervalMs: intervalOf(repo) },
    pass,
    deps,
  )
  fields.source = `${remoteUrl(spec)} ${spec.commit === '' ? spec.branch : spec.commit}`
  fields.revision = tree.revision
  fields.message = tree.message ?? ''
  pass.status.markTrue(sourceReady, 'Read', `${fields.source} is at commit ${tree.revision.slice(0, 10)}`)
}

const intervalOf = ({ spec }: Readonly<Repo>): number => parseDuration(spec.operator.interval)

function reportSourceOnly(repo: Readonly<Repo>, pass: Pass<Repo>): Recheck {
  pass.status.markTrue(serverReady, 'NoServer', 'No server is named: nothing is cloned.')
  const { source, revision = '' } = pass.status.fields
  pass.status.markTrue(pulled, 'SourceOnly', `A source for others, ${source} at commit ${revision.slice(0, 10)}`)
  return { afterMs: intervalOf(repo) }
}

function reportTemplate(pass: Pass<Repo>): Recheck {
  for (const condition of [serverReady, sourceReady, pulled]) {
    pass.status.markTrue(condition, 'Template', 'It is a template and never pulled.')
  }
  return {}
}
