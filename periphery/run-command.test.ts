import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { waitUntil } from '../test/harness/wait-until.ts'
import { CommandDeadlineError, runCommand } from './run-command.ts'

const environment = { PATH: process.env.PATH ?? '/usr/bin:/bin' }
const shell = (script: string, deadlineMs = 10_000) =>
  ({ argv: ['sh', '-c', script], directory: '/', environment, deadlineMs, title: 'the script' }) as const
const never = AbortSignal.timeout(60_000)

/** A zombie that nobody has reaped yet counts as gone. */
const isAlive = (pid: number) => {
  try {
    return !/^State:\s[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('a command', () => {
  it('tells its code, its output and both streams as they came', async () => {
    const result = await runCommand(shell('echo out; echo err >&2; exit 3'), never)
    expect(result).toMatchObject({ exitCode: 3, stdout: 'out\n' })
    expect(result.output.split('\n').sort()).toEqual(['', 'err', 'out'])
  })

  it('gets its input, and only the environment it is given', async () => {
    const command = { ...shell('cat; env | grep -c SECRET_OF_THIS_PROCESS'), input: 'given' }
    process.env.SECRET_OF_THIS_PROCESS = 'x'
    expect((await runCommand(command, never)).stdout).toBe('given0\n')
    delete process.env.SECRET_OF_THIS_PROCESS
  })

  it('that floods does not fill the memory: the end is kept', async () => {
    const { output, exitCode } = await runCommand(shell('seq 1 1000000; echo end'), never)
    expect(exitCode).toBe(0)
    expect(output.length).toBeLessThanOrEqual(16 * 1024)
    expect(output.endsWith('999999\n1000000\nend\n')).toBe(true)
  })

  it('attack: that prints a secret across the place where its output is cut shows no part of it', async () => {
    const secret = 'correct-horse-battery-staple'
    const { output } = await runCommand(shell(`printf '%s%s%16370d' start ${secret} 0`), never)
    expect(output).toBe('(a line of more than 16384 characters is not shown)')
  })

  it('that hangs is stopped at its deadline, with all that it started', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'run-command-'))
    const pidFile = path.join(directory, 'pid')
    // The grandchild ignores SIGTERM and holds the pipes.
    const script = `sh -c 'trap "" TERM; while :; do sleep 1; done' & echo $! >${pidFile}; wait`
    const started = performance.now()
    const run = runCommand(shell(script, 500), never)
    await expect(run).rejects.toBeInstanceOf(CommandDeadlineError)
    await expect(run).rejects.toThrow('the script did not end within 0.5 s and was stopped')
    expect(performance.now() - started).toBeLessThan(8_000)
    const pid = Number(readFileSync(pidFile, 'utf8'))
    expect(pid).toBeGreaterThan(1)
    await waitUntil('the end of its processes', async () => !isAlive(pid))
    rmSync(directory, { recursive: true })
  })

  it('is stopped when its signal is aborted, and rejects with the reason', async () => {
    const reason = new Error('enough')
    const stop = new AbortController()
    const run = runCommand(shell('sleep 100'), stop.signal)
    stop.abort(reason)
    await expect(run).rejects.toBe(reason)
  })

  it('that does not exist says so', async () => {
    const missing = { ...shell(''), argv: ['no-such-program'] as const }
    await expect(runCommand(missing, never)).rejects.toThrow(/there is no program no-such-program in PATH/)
  })

  it('is not held up by a grandchild that keeps its pipes', async () => {
    const started = performance.now()
    expect((await runCommand(shell('sleep 5 & echo done'), never)).stdout).toBe('done\n')
    expect(performance.now() - started).toBeLessThan(4_000)
  })
})
