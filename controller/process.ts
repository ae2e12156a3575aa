import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import process from 'node:process'
import { ConfigError, loadConfig, USAGE } from './config.ts'
import { messageOf } from './engine/errors.ts'
import { createLogger } from './logging.ts'
import type { Operator, Wiring } from './operator.ts'
import { VERSION } from './version.ts'

/** The process: flags in, signals, exit codes. 0: asked to stop; 1: could not start; 2: the command line was wrong. */
export const runProcess = async (): Promise<void> => {
  const config = readConfig()
  if (config === undefined) return
  const logger = createLogger(config.log, process.stdout)
  let started = false
  const stopAsked = new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      // Before the start, while standing by, and a second time: at once. A crash is harmless, so is this.
      process.on(name, () => (started ? resolve(name) : process.exit(0)))
    }
  })
  // A bug in one room must not end the others; nothing here depends on a promise nobody waited for.
  process.on('unhandledRejection', (error) =>
    logger.error({ error: textOf(error) }, 'a rejection nobody handled: please report it'),
  )
  let operator: Operator
  try {
    // Loaded only now: a wrong flag is told at once.
    const { startOperator } = await import('./operator.ts')
    operator = await startOperator({ config, logger, wiring, onLeadershipLost: () => process.exit(1) })
  } catch (error) {
    const message = messageOf(error)
    logger.error({}, `cannot start: ${message}`)
    logger.debug({ stack: textOf(error) }, 'where it failed')
    process.exit(1)
  }
  started = true
  const alive = setInterval(() => {}, 2 ** 30)
  const reason = await stopAsked
  started = false
  logger.info({ signal: reason }, 'stopping')
  await operator.stop()
  clearInterval(alive)
  logger.info({}, 'stopped')
  process.exit(0)
}

/** The controllers, nearly half of all there is to load, are loaded once the API serves, or that of the cluster answered. */
const wiring: Wiring = async (ground, register) => (await import('./wiring.ts')).wiring(ground, register)

const readConfig = (): Exclude<ReturnType<typeof loadConfig>, string> | undefined => {
  try {
    const config = loadConfig(process.argv.slice(2), {
      env: process.env,
      cwd: process.cwd(),
      isTerminal: process.stdout.isTTY === true,
      hostName: `${hostname()}_${randomUUID()}`,
    })
    if (typeof config !== 'string') return config
    process.stdout.write(config === 'help' ? USAGE : `${versionText()}\n`)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  }
  return undefined
}

const versionText = (): string => `komodo-operator ${VERSION} (node ${process.version})`

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
