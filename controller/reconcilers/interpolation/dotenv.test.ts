import { describe, expect, it } from 'vitest'
import { Interpolation } from '../../text/interpolate.ts'
import { dotenvValue } from './dotenv.ts'

// What Compose makes of these is tested with the real one, in test/integration/agent-compose.test.ts.
describe('a value of the environment of a Stack', () => {
  const values: Record<string, { text: string; secret: boolean }> = {
    PLAIN: { text: 'abc', secret: true },
    HASH: { text: 'ci:$2y$05$x', secret: true },
    ESCAPED: { text: 'ci:$$2y$$05', secret: true },
    QUOTE: { text: `a"b'c`, secret: true },
    URL: { text: `\${HOST}:80`, secret: false },
    NESTED: { text: `\${USER}:[[HASH]]`, secret: false },
  }
  const write = (written: string) =>
    dotenvValue('environment', written, new Interpolation((name) => values[name], { environment: 'value' }))

  it.each<[sentence: string, written: string, line: string]>([
    ['is written as it is where no secret has anything special', 'x-[[PLAIN]] # "y"', 'x-abc # "y"'],
    ['keeps what Compose reads in plain variables', '[[URL]]', `\${HOST}:80`],
    ['takes a $ in a secret for a $ (K#700)', '[[HASH]]', '"ci:\\$2y\\$05\\$x"'],
    ['takes a secret that was escaped for Komodo for what it stood for', '[[ESCAPED]]', '"ci:\\$2y\\$05"'],
    [
      'takes everything in single quotes literally, as Compose does',
      "'[[ESCAPED]]$HOME'",
      '"ci:\\$\\$2y\\$\\$05\\$HOME"',
    ],
    ['leaves double quotes to what is written in them', `"\${A}\\n[[QUOTE]]"`, `"\${A}\\na\\"b'c"`],
    ['keeps what is written around a secret', `\${A}\\b[[HASH]]`, `"\${A}\\\\bci:\\$2y\\$05\\$x"`],
    ['keeps what is written around a secret in a plain variable', '[[NESTED]]', `"\${USER}:ci:\\$2y\\$05\\$x"`],
  ])('%s', (_, written, line) => expect(write(written)).toBe(line))
})
