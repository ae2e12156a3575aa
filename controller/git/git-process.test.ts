import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gitEnvironment } from './git-environment.ts'
import { GitProcess } from './git-process.ts'

/** Answers to what git may ask, as the versions before 2.48.1 put it: names of users as they are. */
describe('the answers to what git asks', () => {
  let home: string
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'komodo-askpass-'))
    const git = new GitProcess({ home, environment: gitEnvironment(process.env) })
    await git.run(home, ['version'], new AbortController().signal)
  })
  afterAll(() => rmSync(home, { recursive: true, force: true }))

  const ask = (question: string): string => {
    const env = {
      PATH: process.env.PATH ?? '',
      KOMODO_GIT_SCHEME: 'https:',
      KOMODO_GIT_HOST: 'github.com',
      KOMODO_GIT_USERNAME: 'ann@example.com',
      KOMODO_GIT_PASSWORD: 'canary',
    }
    return spawnSync(join(home, 'askpass'), [question], { env, encoding: 'utf8' }).stdout
  }

  it.each([
    ["Username for 'https://github.com': ", 'ann@example.com\n'],
    ["Password for 'https://ann@example.com@github.com': ", 'canary\n'],
    ["Password for 'https://ann%40example.com@github.com': ", 'canary\n'],
  ])('%s gets one', (question, answer) => {
    expect(ask(question)).toBe(answer)
  })

  it.each([
    "Username for 'https://evil.example': ",
    "Password for 'https://ann@evil.example': ",
    "Password for 'https://x@github.com'@evil.example': ",
    "Password for 'https://x@github.com': '@evil.example': ",
    "Password for 'http://ann@github.com': ",
    "Password for 'https://ann@github.com.evil.example': ",
    "Username for 'https://github.com:8443': ",
  ])('attack: %s gets none', (question) => {
    expect(ask(question)).toBe('')
  })
})
