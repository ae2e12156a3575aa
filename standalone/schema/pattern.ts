import vm from 'node:vm'
import { badRequest } from './faults.ts'

/**
 * Go's RE2 patterns as JavaScript regular expressions. What RE2 has and JavaScript has not (`(?i)` at the start, `\A`, `\z`,
 * POSIX classes) is translated; what stays untranslatable gives undefined.
 */
const POSIX: Record<string, string> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
  punct: '!-\\/:-@\\[-`{-~',
}

const cache = new Map<string, RegExp | undefined>()
const MAX_CACHED = 10_000

const translate = (pattern: string): RegExp | undefined => {
  let flags = 'u'
  let source = pattern.replace(/^\(\?([ims]+)\)/, (_, given: string) => {
    flags += given
    return ''
  })
  source = source
    .replaceAll('\\A', '^')
    .replaceAll('\\z', '$')
    .replace(/\(\?P</g, '(?<')
    .replace(/\[:(\w+):\]/g, (all, name: string) => POSIX[name] ?? all)
  // RE2 has neither look-around nor back-references.
  if (/\(\?<?[=!]/.test(source)) return undefined
  for (const tried of [flags, flags.replace('u', '')]) {
    try {
      return new RegExp(source, tried)
    } catch {
      // without the u flag JavaScript takes needless escapes, as RE2 does
    }
  }
  return undefined
}

export const compilePattern = (pattern: string): RegExp | undefined => {
  if (!cache.has(pattern)) {
    if (cache.size > MAX_CACHED) cache.clear()
    cache.set(pattern, translate(pattern))
  }
  return cache.get(pattern)
}

/** What even the worst pattern gets through quickly. */
const SHORT = 16
/** What a pattern without a repeated group gets through. */
const MEDIUM = 256
const MATCH_TIMEOUT_MS = 100
const REPEATED_GROUP = /\)[*+{]/

const room = vm.createContext(Object.create(null) as { pattern?: RegExp; text?: string })
const trial = new vm.Script('pattern.test(text)')

/**
 * Whether the pattern is found in the text. RE2 needs time in proportion to the text; a regular expression of JavaScript may need for
 * ever, and both come from clients. So where that could happen, it gets a deadline, which costs a fraction of a millisecond.
 *
 * @throws Fault 400 when the deadline passes.
 */
export const matchesPattern = (pattern: RegExp, text: string): boolean => {
  if (text.length <= SHORT || (text.length <= MEDIUM && !REPEATED_GROUP.test(pattern.source))) return pattern.test(text)
  Object.assign(room, { pattern, text })
  try {
    return trial.runInContext(room, { timeout: MATCH_TIMEOUT_MS }) as boolean
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw badRequest(
      `it takes too long to match a text of ${text.length} characters with the pattern ${pattern.source}; write the pattern without repetitions in repetitions`,
    )
  } finally {
    Object.assign(room, { pattern: undefined, text: undefined })
  }
}

const REPEATS = /(?:^|[(|])([*+?])/

/** What RE2 says about a pattern that cannot be compiled. */
export const patternFault = (pattern: string): string => {
  let reason = ''
  try {
    new RegExp(pattern, 'u')
  } catch (error) {
    reason = (error as Error).message
  }
  const shown = (what: string, part: string): string => `error parsing regexp: ${what}: \`${part}\``
  if (/character class/.test(reason) && /[Uu]nterminated|missing/.test(reason))
    return shown('missing closing ]', pattern.slice(pattern.lastIndexOf('[')))
  if (/[Uu]nterminated group/.test(reason)) return shown('missing closing )', pattern)
  if (/[Uu]nmatched/.test(reason)) return shown('unexpected )', pattern)
  if (/[Nn]othing to repeat/.test(reason))
    return shown('missing argument to repetition operator', REPEATS.exec(pattern)?.[1] ?? '*')
  if (/out of order/.test(reason)) return shown('invalid character class range', /.-./.exec(pattern)?.[0] ?? pattern)
  if (/\\ at end/.test(reason)) return shown('trailing backslash at end of expression', '')
  const lookAround = /\(\?<?[=!]/.exec(pattern)
  if (lookAround) return shown('invalid or unsupported Perl syntax', lookAround[0].slice(0, 3))
  return shown('invalid escape sequence', /\\./.exec(pattern)?.[0] ?? pattern)
}
