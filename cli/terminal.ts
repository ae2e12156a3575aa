import { randomUUID } from 'node:crypto'
import { printable } from '../controller/text/printable.ts'

/** Where a command talks to: text for people, colours only where they show. */
export interface Terminal {
  /** Results: what a script would read. A newline is added. */
  print(text: string): void
  /** Errors, warnings and progress: what a person reads while it runs. */
  note(text: string): void
  /** One line that replaces itself; without a terminal only changes are printed, each on its own line. */
  progress(text: string): void
  /** Ends the progress line. */
  progressDone(): void
  readonly paint: Paint
}

export interface Paint {
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
  dim(text: string): string
  bold(text: string): string
}

/** Nobody else can know it, so that colours in texts of others are not taken for ours: black on black would hide what follows. */
const OURS = randomUUID()

const sgr =
  (open: number, close: number) =>
  (text: string): string =>
    `\u001b${OURS}[${open}m${text}\u001b${OURS}[${close}m`

/** Without anything that steers a terminal but our colours. */
const shown = (text: string): string => printable(text).replaceAll(`\\u001b${OURS}[`, '\u001b[')

const plain = (text: string): string => text

export const noPaint: Paint = { red: plain, green: plain, yellow: plain, cyan: plain, dim: plain, bold: plain }

export const ansiPaint: Paint = {
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  cyan: sgr(36, 39),
  dim: sgr(2, 22),
  bold: sgr(1, 22),
}

interface Stream {
  isTTY?: boolean
  write(text: string): unknown
}

/** `noColor` follows the NO_COLOR convention: set to anything but the empty string, it forbids colours. */
export const createTerminal = (stdout: Stream, stderr: Stream, noColor: string | undefined): Terminal => {
  const colours = stdout.isTTY === true && (noColor === undefined || noColor === '')
  let last = ''
  return {
    print: (text) => stdout.write(`${shown(text)}\n`),
    note: (text) => stderr.write(`${shown(text)}\n`),
    progress(text) {
      if (text === last) return
      stderr.write(stderr.isTTY ? `\r\u001b[2K${shown(text)}` : `${shown(text)}\n`)
      last = text
    },
    progressDone() {
      if (last !== '' && stderr.isTTY) stderr.write('\n')
      last = ''
    },
    paint: colours ? ansiPaint : noPaint,
  }
}
