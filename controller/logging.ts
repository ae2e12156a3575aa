import pino from 'pino'
import type { Config } from './config.ts'
import type { Logger } from './engine/logger.ts'
import { printable } from './text/printable.ts'

/** Where lines go; stdout's shape. */
export interface LogDestination {
  write(line: string): unknown
}

/** Structured lines for machines, or short text for a person at a terminal. */
export const createLogger = ({ level, format }: Config['log'], destination: LogDestination): Logger => {
  const sink = format === 'json' ? destination : { write: (line: string) => destination.write(asText(line)) }
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'msg',
      formatters: { level: (label) => ({ level: label }) },
    },
    sink as pino.DestinationStream,
  )
}

interface Line {
  time: string
  level: string
  msg: string
  kind?: string
  namespace?: string
  name?: string
  reconcileID?: string
  [field: string]: unknown
}

/** `12:34:56 warn Stack default/web: the message (field=value)` */
const asText = (json: string): string => {
  const { time, level, msg, kind, namespace, name, reconcileID: _, stack, ...rest } = JSON.parse(json) as Line
  const subject = kind === undefined ? '' : `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}: `
  const fields = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const tail = fields.length === 0 ? '' : ` (${fields.join(' ')})`
  const line = `${time.slice(11, 19)} ${level.padEnd(5)} ${subject}${msg}${tail}\n`
  return printable(`${line}${typeof stack === 'string' ? `${stack}\n` : ''}`)
}
