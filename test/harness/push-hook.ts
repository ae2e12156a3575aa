import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GitRepository } from './git-server.ts'

export interface PushHook {
  /** Where the webhook is delivered: the complete URL. */
  url: string
  secret: string
  /** `owner/name` that the payload says. */
  repository: string
}

/** Makes the repository deliver a webhook after each push, as Gitea would: with openssl and curl, in git's own post-receive hook. */
export function deliverPushes({ path }: Pick<GitRepository, 'path'>, { url, secret, repository }: PushHook): void {
  const file = join(path, 'hooks', 'post-receive')
  mkdirSync(join(path, 'hooks'), { recursive: true })
  writeFileSync(
    file,
    `#!/bin/sh
set -eu
while read -r before after ref; do
  body=$(printf '{"ref":"%s","before":"%s","after":"%s","repository":{"full_name":"%s"}}' "$ref" "$before" "$after" '${repository}')
  signature=$(printf %s "$body" | openssl dgst -sha256 -hmac '${secret}' | sed 's/^.* //')
  printf %s "$body" | curl --silent --show-error --max-time 20 --noproxy '*' --data-binary @- \\
    -H 'content-type: application/json' -H 'x-gitea-event: push' -H "x-gitea-delivery: push-$after" \\
    -H "x-gitea-signature: $signature" -w 'HTTP %{http_code}\\n' '${url}'
done
`,
  )
  chmodSync(file, 0o755)
}

/** A person with a clone. */
export class Developer {
  readonly #directory: string
  readonly #env: NodeJS.ProcessEnv

  /** `environment` holds what git needs to reach the remote, GIT_SSH_COMMAND for example. */
  constructor(directory: string, environment: Readonly<Record<string, string>> = {}) {
    mkdirSync(directory, { recursive: true })
    this.#directory = directory
    this.#env = {
      PATH: process.env.PATH,
      HOME: directory,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: 'Ann',
      GIT_AUTHOR_EMAIL: 'ann@example.com',
      GIT_COMMITTER_NAME: 'Ann',
      GIT_COMMITTER_EMAIL: 'ann@example.com',
      ...environment,
    }
  }

  async clone(url: string): Promise<void> {
    await this.git('init', '--quiet', '--initial-branch=main')
    await this.git('remote', 'add', 'origin', url)
  }

  /** Commits these files and pushes them. `said` is what the remote's hook printed. */
  async push(files: Readonly<Record<string, string>>, branch = 'main'): Promise<{ commit: string; said: string }> {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#directory, name), text)
    await this.git('add', '--all')
    await this.git('commit', '--quiet', '--allow-empty', '--message', 'Change the declaration')
    const said = await this.git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`)
    return { commit: (await this.git('rev-parse', 'HEAD')).trim(), said }
  }

  /** Asynchronous: the git server may run in this very process. */
  git(...args: string[]): Promise<string> {
    const options = { cwd: this.#directory, env: this.#env, encoding: 'utf8', timeout: 60_000 } as const
    return new Promise((resolve, reject) =>
      execFile('git', args, options, (error, stdout, stderr) => (error ? reject(error) : resolve(stdout + stderr))),
    )
  }
}
