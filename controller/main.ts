#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import { ConfigError, loadConfig, USAGE } from './config.ts'
import { createLogger } from './logging.ts'
import { startOperator } from './operator.ts'
import { wiring } from './wiring.ts'

/** The process: flags in, signals, exit codes. 0: asked to stop; 1: could not start; 2: the command line was wrong. */
const main = async (): Promise<void> => {
  const config = readConfig()
  if (config === undefined) return
  const logger = createLogger(config.log, process.stdout)
  const stopAsked = new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  // A bug in one room must not end the others; nothing here depends on a promise nobody waited for.
  process.on('unhandledRejection', (error) =>
    logger.error({ error: textOf(error) }, 'a rejection nobody handled: please report it'),
  )
  let operator: Awaited<ReturnType<typeof startOperator>>
  try {
    operator = await startOperator({ config, logger, wiring })
  } catch (error) {
    logger.error({ error: textOf(error) }, `cannot start: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(1)
  }
  const alive = setInterval(() => {}, 2 ** 30)
  const reason = await stopAsked
  logger.info({ signal: reason }, 'stopping')
  // A second signal means at once.
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(1))
  await operator.stop()
  clearInterval(alive)
  logger.info({}, 'stopped')
  process.exit(0)
}

const readConfig = (): Exclude<ReturnType<typeof loadConfig>, string> | undefined => {
  try {
    const config = loadConfig(process.argv.slice(2), {
      env: process.env,
      cwd: process.cwd(),
      isTerminal: process.stdout.isTTY === true,
      hostName: hostname(),
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

const versionText = (): string => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return `komodo-operator ${manifest.version} (node ${process.version})`
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

await main()
