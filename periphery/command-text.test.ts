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
    ['shows the shell one of two backslashes behind a space, as Komodo does', 'printf "%s" a \\\\;\necho b', 'a;b\n'],
    ['leaves a backslash alone that is one, which Komodo loses', 'echo \\( a \\)', '( a )\n'],
    ['joins lines continued as before Komodo 1.17', 'echo a \\\\\n  b', 'a b\n'],
    ['goes on when a line ends well whatever began it', 'false; true\necho b', 'b\n'],
    ['goes on after a loop on one line that failed once', 'for a in b c; do test $a = c; done\necho d', 'd\n'],
    ['goes on in a loop that is all there is', 'for a in b c; do test $a = c && echo $a; done', 'c\n'],
    ['takes the word that ends a loop for a word where it is one', 'echo done\necho b', 'done\nb\n'],
    ['goes on when the other way round works', 'false || echo a\necho b', 'a\nb\n'],
    ['leaves quotes over several lines alone', 'echo "a\n  b"\necho c', 'a\n  b\nc\n'],
    ['leaves a here-document alone', 'cat <<E\na\nE\necho b', 'a\nb\n'],
    ['leaves a bracket over several lines alone', '(echo a\necho b)\necho c', 'a\nb\nc\n'],
    ['leaves a function alone whose body stands below its name', 'f()\n{ echo a; }\nf', 'a\n'],
    ['leaves a test over several lines alone', 'true\n[ a = a ] &&\necho b', 'b\n'],
    [
      'takes a hash behind an escaped space for no comment',
      "echo a \\ # it's\necho b # it's\necho c",
      'a  # its\necho b # its\nc\n',
    ],
    ['takes a hash behind a semicolon for a comment', "echo a;# it's\necho b", 'a\nb\n'],
    ['runs in one shell', 'a=1\ncd /\necho $a $PWD', '1 /\n'],
    ['does not feed the rest of itself to a command that reads', 'cat\necho end', 'end\n'],
  ]
  for (const [name, text, output] of cases) {
    it(name, () => expect(run(commandScript(text, false) ?? '')).toBe(output))
  }

  it.each([
    ['of one word', 'false\necho never'],
    ['of several that need one another', 'false && true\necho never'],
    ['that is continued', 'false \\\n  && true\necho never'],
    ['of which another on its line goes well, when the text says `set -e` itself', 'set -eu\nfalse; echo never\ntrue'],
    ['before an if', 'false\nif true; then\necho never\nfi'],
  ])('stops at the first command that fails: one %s', (_, text) => {
    expect(() => run(commandScript(text, false) ?? '')).toThrow()
  })

  it('is as long as it was when it is one line', () => {
    expect(commandScript('  sh a.sh # x\n# y\n', false)).toBe('  sh a.sh # x')
  })

  it('is nothing when it holds only comments', () => {
    expect(commandScript('# only\n\n', false)).toBeUndefined()
    expect(commandScript('  ', true)).toBeUndefined()
  })

  it('is unchanged in shell mode', () => {
    expect(commandScript('false\n# x\necho on', true)).toBe('false\n# x\necho on')
  })
})

describe('V 5.2 commands: a text does what the command does that Komodo makes of it', () => {
  const stubs = ['sh', 'curl', 'cargo', 'cp', 'a', 'b'].map((name) => `${name}() { echo ${name} "$@"; }\n`).join('')

  it.each<[sentence: string, text: string, command: string]>([
    ['drops comments and blank lines', 'sh a.sh # x\nsh b.sh\n\n# foo\necho done', 'sh a.sh && sh b.sh && echo done'],
    ['continues a line that ends in a backslash', 'curl a \\\n-H b\necho', 'curl a -H b && echo'],
    ['looks past a comment between continued lines', 'a \\\n# comment\nb', 'a b'],
    ['keeps an operator before a continuation', 'cargo build && \\\ncp a b', 'cargo build && cp a b'],
    ['does not double an operator (Komodo: `a && && b`)', 'a &&\nb', 'a && b'],
    [
      'continues `echo a\\ b` (no space before backslash), which Komodo takes for two commands',
      'echo a\\\nb',
      'echo ab',
    ],
  ])('%s', (_, text, command) => {
    expect(run(stubs + commandScript(text, false))).toBe(run(stubs + command))
  })

  it('and nothing of `# only`', () => {
    expect(commandScript('# only', false)).toBeUndefined()
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
