import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { commandScript, onStandardInput, shellWords, wrapperScript } from './command-text.ts'

/** What a shell prints that gets the script on its standard input. */
const run = (script: string) => execFileSync('sh', [], { input: onStandardInput(script), encoding: 'utf8' })

describe('a command text', () => {
  const cases: [string, string, string][] = [
    ['runs line by line, without comments', 'echo a # x\n\n# foo\necho b', 'a\nb\n'],
    ['joins continued lines', 'echo a \\\n  b\necho c', 'a b\nc\n'],
    ['skips a comment inside a continued command', 'echo a \\\n# comment\nb', 'a b\n'],
    ['leaves an operator at the end of a line alone', 'true &&\necho b', 'b\n'],
    ['leaves a hash in quotes alone', "echo 'x # y'", 'x # y\n'],
    ['leaves compound commands alone', 'if true; then\necho a\nfi', 'a\n'],
    ['does not feed the rest of itself to a command that reads', 'cat\necho end', 'end\n'],
  ]
  for (const [name, text, output] of cases) {
    it(name, () => expect(run(commandScript(text, false) ?? '')).toBe(output))
  }

  it('stops at the first command that fails', () => {
    expect(() => run(commandScript('false\necho never', false) ?? '')).toThrow()
  })

  it('is nothing when it holds only comments', () => {
    expect(commandScript('# only\n\n', false)).toBeUndefined()
    expect(commandScript('  ', true)).toBeUndefined()
  })

  it('is unchanged in shell mode', () => {
    expect(commandScript('false\n# x\necho on', true)).toBe('false\n# x\necho on')
  })
})

describe('the compose wrapper', () => {
  const argv = ['printf', '%s|', 'a b', '$HOME', '`id`', '"', '\\', '', 'plain']
  it('puts the command in place of its placeholder, bare or in single quotes', () => {
    const expected = 'a b|$HOME|`id`|"|\\||plain|'
    expect(run(wrapperScript('[[COMPOSE_COMMAND]]', argv) ?? '')).toBe(expected)
    expect(run(wrapperScript("sh -c '[[COMPOSE_COMMAND]]'", argv) ?? '')).toBe(expected)
  })

  it('is not usable without its placeholder', () => {
    expect(wrapperScript('echo', argv)).toBeUndefined()
  })

  it('shows simple words as they are', () => {
    expect(shellWords(['docker', 'compose', '-p', 'web', '-f', 'compose.yaml', 'up', '-d'])).toBe(
      'docker compose -p web -f compose.yaml up -d',
    )
  })
})
