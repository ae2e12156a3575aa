import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { DeployFailedError } from '../controller/hosts/port.ts'
import { runCommand } from './run-command.ts'
import { Stages } from './stages.ts'

const stages = (...secrets: string[]) =>
  new Stages(
    { run: runCommand, environment: { PATH: process.env.PATH ?? '' }, shell: '/bin/sh' },
    secrets,
    AbortSignal.timeout(60_000),
  )
const command = (text: string) => ({ path: '', command: text, shellMode: true })

describe('a stage', () => {
  it('logs what its command said, without secrets', async () => {
    const work = stages('hunter22')
    await work.command('Pre Deploy', tmpdir(), tmpdir(), command('echo token=hunter22 on two networks'))
    expect(work.log).toMatchObject([
      { stage: 'Pre Deploy', success: true, output: 'token=<redacted> on two networks\n' },
    ])
  })

  it('that fails shows no end of a secret that is longer than what is shown', async () => {
    const token = 'abcdefghij'.repeat(300)
    const work = stages(token)
    const error = (await work
      .command('Pre Deploy', tmpdir(), tmpdir(), command(`echo refused: ${token}; exit 1`))
      .catch((error: unknown) => error)) as DeployFailedError
    expect(error.message).toBe('Pre Deploy failed: refused: <redacted>')
  })

  it('that prints a secret again and again shows no part of one', async () => {
    const token = 'päßwörd-'.repeat(250)
    const work = stages(token)
    await work.command('Pre Deploy', tmpdir(), tmpdir(), command(`for i in $(seq 1 99); do echo ${token}; done`))
    expect(work.log[0]?.output).toMatch(/^(<redacted>\n)+$/)
  })

  it('that fails says why, without secrets and without lines of env files', async () => {
    const work = stages('hunter22')
    const said = `echo "hunter22: line 2: unterminated quoted value 'other-secret"; exit 1`
    const error = (await work
      .command('Pre Deploy', tmpdir(), tmpdir(), command(said))
      .catch((error: unknown) => error)) as DeployFailedError
    expect(error).toMatchObject({ reason: 'PreDeployFailed' })
    expect(error.message).toContain('<redacted>: line 2: unterminated quoted value <redacted>')
    expect(JSON.stringify([error.message, error.log, work.log])).not.toMatch(/hunter22|other-secret/)
  })
})
