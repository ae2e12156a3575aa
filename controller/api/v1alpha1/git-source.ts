import { flag, optionalText, secretFrom, text } from './field.ts'

/** Fields that say which git repository and which revision, for every kind that reads one. */
export const gitRepository = {
  gitProvider: text('Host of the git provider, without protocol.', { default: 'github.com' }),
  gitHttps: flag('true: https, false: http.', { default: true }),
  gitAccount: text("User name of the provider's account to log in with; empty: no login.", { example: 'acme-bot' }),
  repo: text('Repository at the provider.', { example: 'acme/infra' }),
  branch: text('Branch to follow.', { default: 'main' }),
  commit: text('Commit hash to stay at; empty: the head of the branch.', { example: '1d0c2e1' }),
}

export const linkedRepo = text('Name of a Repo to take the repository from, instead of the git fields here.', {
  references: 'Repo',
  example: 'infra',
  since: '1.18.2',
})

export const webhookEnabled = flag('Whether webhooks may trigger this object.', { default: true })

export const webhookSecretFrom = (since: string) =>
  secretFrom('Secret that signs the webhooks of this object alone. In TOML: `webhook_secret`.', {
    secretKey: 'webhook_secret',
    since,
  })

/** `operator` fields of kinds that read a git repository. */
export const gitOperator = {
  url: optionalText(
    'Complete URL of the repository (https://, http://, ssh://user@host/path, user@host:path or file://), or an absolute path; used instead of provider and repo. Without credentials in it. An account is then looked for at its host.',
    { example: 'https://git.example.com/acme/infra.git' },
  ),
  credentials: optionalText(
    'Name of a Secret to log in to the git host with: `username` and `password`, `token`, `bearer`, or `identity` and `known_hosts` for ssh; `ca.crt` for a host with an authority of its own, `tls.crt` and `tls.key` for one that asks for a certificate. With `domain` in it, it goes to that host alone.',
    { example: 'git-login' },
  ),
  submodules: flag(
    'true: the files of submodules (and theirs, up to 5 deep) are part of the source; over https, http and ssh, with the login only for those at the same host. false: they are left out, with a warning.',
    { default: false },
  ),
}
