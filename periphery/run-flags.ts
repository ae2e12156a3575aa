import { HostRejectedError } from '../controller/hosts/port.ts'
import { booleanFlags, type Draft, refusedFlags, shorthands, valueFlags } from './run-flag-table.ts'
import { FlagValueError } from './run-values.ts'

/**
 * Applies the words of a Deployment's `extra_args` to what is created, as `docker run` would. Nothing is expanded or executed. Throws
 * `HostRejectedError` (`InvalidArgument`) that names the flag, and for an unknown one the nearest known.
 */
export const applyRunFlags = (words: readonly string[], draft: Draft): void => {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    const { name, inline } = splitFlag(word)
    const flag = shorthands[name] ?? name
    const refused = refusedFlags[flag]
    if (refused !== undefined) throw invalid(`--${flag} is not possible here: ${refused}`)

    const setBoolean = booleanFlags[flag]
    if (setBoolean) {
      apply(flag, () => setBoolean(draft, inline === undefined || parseBoolean(inline)))
      continue
    }
    const setValue = valueFlags[flag]
    if (!setValue) {
      if (/^-[a-zA-Z]{2,}$/.test(word) && applyCluster(word, draft)) continue
      throw invalid(`unknown flag ${word.split('=')[0]} of docker run${suggestion(flag)}`)
    }
    const value = inline ?? words[++i]
    if (value === undefined) throw invalid(`--${flag} needs a value`)
    apply(flag, () => setValue(draft, value))
  }
}

/** `--name=value`, `--name`, `-p80:80`, `-p`. */
const splitFlag = (word: string): { name: string; inline?: string } => {
  if (word.startsWith('--') && word.length > 2) {
    const at = word.indexOf('=')
    return at < 0 ? { name: word.slice(2) } : { name: word.slice(2, at), inline: word.slice(at + 1) }
  }
  if (/^-[a-zA-Z]/.test(word)) {
    const name = word[1]!
    if (word.length === 2) return { name }
    // `-p80:80` is a flag with its value; `-it` is two flags and handled as a cluster.
    const long = shorthands[name]
    if (long !== undefined && valueFlags[long]) return { name, inline: word.slice(word[2] === '=' ? 3 : 2) }
    return { name: word.slice(1) }
  }
  throw invalid(
    `"${word}" is no flag. extra_args holds flags of docker run; what runs in the container goes to \`command\`, ` +
      'and a value with blanks needs quotes',
  )
}

/** `-it`: short flags without values in one word. */
const applyCluster = (word: string, draft: Draft): boolean => {
  const setters = [...word.slice(1)].map((letter) => booleanFlags[shorthands[letter] ?? ''])
  if (setters.includes(undefined)) return false
  for (const set of setters) set!(draft, true)
  return true
}

const apply = (flag: string, set: () => void): void => {
  try {
    set()
  } catch (error) {
    if (error instanceof FlagValueError) throw invalid(`--${flag}: ${error.message}`)
    throw error
  }
}

const parseBoolean = (text: string): boolean => {
  if (/^(true|1|t)$/i.test(text)) return true
  if (/^(false|0|f)$/i.test(text)) return false
  throw new FlagValueError(`"${text}" is neither true nor false`)
}

const invalid = (message: string): HostRejectedError => new HostRejectedError('InvalidArgument', message)

const suggestion = (flag: string): string => {
  const known = [...Object.keys(valueFlags), ...Object.keys(booleanFlags)]
  let best: { name: string; distance: number } | undefined
  for (const name of known) {
    const distance = editDistance(flag, name)
    if (!best || distance < best.distance) best = { name, distance }
  }
  return best && best.distance <= Math.max(2, flag.length / 3) ? `: did you mean --${best.name}?` : ''
}

/** Levenshtein's distance, for words of a few letters. */
const editDistance = (a: string, b: string): number => {
  if (a.length > 40) return 40
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
