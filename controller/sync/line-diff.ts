/** Lines around what changed. */
const CONTEXT = 2
/** Of lines in a row that go, or come. */
const MOST_IN_A_ROW = 40
/** Of all. */
const MOST_LINES = 200
/** Pairs of lines that are compared; in larger texts all that is between the first and the last difference goes and comes. */
const MOST_PAIRS = 5_000_000

/** What changed between two texts, with a little of what surrounds it: `- ` goes, `+ ` comes, two spaces stay. */
export function lineDiff(from: string, to: string): string[] {
  const [a, b] = [linesOf(from), linesOf(to)]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1
  const lines = [
    ...a.slice(Math.max(0, start - CONTEXT), start).map(stays),
    ...compare(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end, a.length - end + CONTEXT).map(stays),
  ]
  const shown = runsOf(lines).flatMap(shorten)
  return shown.length <= MOST_LINES ? shown : [...shown.slice(0, MOST_LINES), more(shown.length - MOST_LINES)]
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))
const stays = (line: string): string => `  ${line}`
const goes = (line: string): string => `- ${line}`
const comes = (line: string): string => `+ ${line}`
const more = (count: number): string => `  ... ${count} more lines`

/** By the longest sequence of lines that both have. */
function compare(a: readonly string[], b: readonly string[]): string[] {
  if (a.length * b.length > MOST_PAIRS) return [...a.map(goes), ...b.map(comes)]
  const width = b.length + 1
  /** How many lines `a` from `i` on and `b` from `j` on have in common. */
  const common = new Uint16Array((a.length + 1) * width)
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [old = '', now = ''] = [a[i], b[j]]
    if (i < a.length && j < b.length && old === now) {
      lines.push(stays(old))
      i += 1
      j += 1
    } else if (j === b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push(goes(old))
      i += 1
    } else {
      lines.push(comes(now))
      j += 1
    }
  }
  return lines
}

/** Lines of one sort that follow each other. */
function runsOf(lines: readonly string[]): string[][] {
  const runs: string[][] = []
  for (const line of lines) {
    const last = runs.at(-1)
    if (last?.[0]?.[0] === line[0]) last?.push(line)
    else runs.push([line])
  }
  return runs
}

function shorten(run: string[]): string[] {
  if (run[0]?.startsWith(' ')) {
    return run.length <= 2 * CONTEXT + 1 ? run : [...run.slice(0, CONTEXT), '  ...', ...run.slice(-CONTEXT)]
  }
  return run.length <= MOST_IN_A_ROW ? run : [...run.slice(0, MOST_IN_A_ROW), more(run.length - MOST_IN_A_ROW)]
}
