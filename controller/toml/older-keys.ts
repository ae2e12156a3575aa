/**
 * Keys that files for older releases of Komodo hold and that Komodo ignores by now. Renamed ones are taken with the meaning they had;
 * of the others the user is told what became of them. Spellings that Komodo still reads stand with the kinds, as aliases.
 */

export interface OlderKey {
  /** Release in which it ended: `2.0`. Without one: before 1.13. */
  since?: string
  /** The key that means the same now. */
  now?: string
  /** Else: what to do, or why there is nothing to do. */
  advice?: string
}

interface Rule extends OlderKey {
  /** Kind and keys, without the places in lists: `Build.config.docker_account`. */
  path: RegExp
}

const rules: readonly Rule[] = [
  {
    path: /^Server\.config\.timeout_seconds$/,
    since: '2.0',
    advice: 'how long a host may take to answer depends on what it is asked',
  },
  { path: /^\w+\.latest_hash$/, since: '1.15.6', advice: '`deploy = true` always deploys the newest commit' },
  { path: /^Builder\.config\.params\.docker_registries$/, since: '2.3', now: 'image_registries' },
  { path: /\.params\.service$/, since: '1.17', now: 'services' },
  {
    path: /^Build\.config\.image_registry\.(type|params)$/,
    since: '1.15',
    advice: 'write { domain = "...", account = "..." }',
  },
  { path: /^UserGroup\.all\.ServerTemplate$/, since: '1.17.5', advice: 'Komodo has no server templates any more' },
  { path: /\.config\.github_account$/, now: 'git_account' },
  { path: /^Deployment\.config\.docker_account$/, now: 'image_registry_account' },
  {
    path: /^Build\.config\.docker_(account|organization)$/,
    advice: 'write image_registry = { domain = "docker.io", account = "...", organization = "..." }',
  },
  {
    path: /^Procedure\.config\.(procedure_type|executions)$/,
    advice: 'write [[procedure.config.stage]], one for all executions that run at the same time',
  },
  { path: /^ServerTemplate\.config\.params\.automount$/, advice: 'there is nothing to write in its place' },
]

export const olderKey = (kind: string, path: readonly (string | number)[]): OlderKey | undefined => {
  const text = [kind, ...path.filter((step) => typeof step === 'string')].join('.')
  return rules.find((rule) => rule.path.test(text))
}

export const whenText = ({ since }: OlderKey): string =>
  since === undefined ? 'before Komodo 1.13' : `in Komodo ${since}`
