// Of the library only what compares lists: this stands in the way of every `komodo plan`.
import { diffArrays } from 'diff/lib/diff/array.js'

/** Lines around what changed. */
const CONTEXT = 2
/** Of lines in a row that go, or come. */
const MOST_IN_A_ROW = 40
/** Of all. */
const MOST_LINES = 200
/** Lines that go or come; of texts that differ in more, all goes and comes. The time to find them grows with their square. */
const MOST_EDITS = 1_000

/** What changed between two texts, with a little of what surrounds it: `- ` goes, `+ ` comes, two spaces stay. */
export function lineDiff(from: string, to: string): string[] {
  const [old, now] = [linesOf(from), linesOf(to)]
  const runs = diffArrays(old, now, { maxEditLength: MOST_EDITS }) ?? [
    { removed: true, added: false, value: old },
    { removed: false, added: true, value: now },
  ]
  const lines = runs.flatMap(({ removed, added, value }, index) => {
    if (removed || added) return shorten(value, removed ? '- ' : '+ ')
    if (index === 0) return value.slice(-CONTEXT).map(stays)
    if (index === runs.length - 1) return value.slice(0, CONTEXT).map(stays)
    if (value.length <= 2 * CONTEXT + 1) return value.map(stays)
    return [...value.slice(0, CONTEXT).map(stays), '  ...', ...value.slice(-CONTEXT).map(stays)]
  })
  return lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES), more(lines.length - MOST_LINES)]
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))
const stays = (line: string): string => `  ${line}`
const more = (count: number): string => `  ... ${count} more lines`

function shorten(lines: readonly string[], sign: string): string[] {
  const shown = lines.slice(0, MOST_IN_A_ROW).map((line) => sign + line)
  return lines.length <= MOST_IN_A_ROW ? shown : [...shown, more(lines.length - MOST_IN_A_ROW)]
}
