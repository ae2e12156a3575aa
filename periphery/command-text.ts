import { wholeCommands } from './whole-commands.ts'

/**
 * The shell script of a command text of Komodo's (`pre_deploy`, `post_deploy`, the compose wrapper), or `undefined` when it holds none.
 *
 * In shell mode it is the text itself. Otherwise (behaviour §5.2) each line is a command and the first that fails ends it, empty lines
 * and lines of comment do not count, even inside a continued command. Komodo joins the lines with `&&`, and so is done here with those
 * that are commands of their own. Where an `if`, a `for`, a quote goes over several lines, which joining would break, `set -e` does it.
 *
 * Komodo drops every backslash behind a space, so that files have `\\;` where the shell shall see `\;`: one of two is dropped. One
 * alone stays, since what is left of `find . \( ... \)` without it is no command.
 */
export const commandScript = (text: string, shellMode: boolean): string | undefined => {
  if (shellMode) return text.trim() === '' ? undefined : text
  const lines = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
    .map((line) => line.replaceAll(' \\\\', ' \\'))
  if (lines.length === 0) return undefined
  const commands = wholeCommands(lines)
  if (commands === undefined) return `set -e\n${lines.join('\n')}`
  return commands.length === 1 ? commands[0] : commands.map((command) => `{ ${command}\n}`).join(' &&\n')
}

const placeholder = '[[COMPOSE_COMMAND]]'

/** The wrapper's script with the compose command in place of its placeholder; `undefined` when the placeholder is missing. */
export const wrapperScript = (wrapper: string, argv: readonly string[]): string | undefined => {
  const script = commandScript(wrapper, false)
  return script?.includes(placeholder) ? script.replaceAll(placeholder, () => shellWords(argv)) : undefined
}

/**
 * Words as a shell reads them back. Double quotes, since users put the placeholder bare or into single quotes
 * (`sops exec-env s.env '[[COMPOSE_COMMAND]]'`).
 */
export const shellWords = (argv: readonly string[]): string =>
  argv.map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `"${word.replace(/["\\$`]/g, '\\$&')}"`)).join(' ')

/**
 * A script for `sh` on its standard input. The braces make the shell read all of it before it runs anything, so that no command in
 * it can eat the rest of the script as its own input.
 */
export const onStandardInput = (script: string): string => `{\n${script}\n} </dev/null\n`
