import { expect, it } from 'vitest'
import { withoutEnvLines } from './env-line-errors.ts'

// As Compose 2.26 says it; the real one is in test/integration/agent-compose.test.ts.
it.each([
  [
    'failed to read /stacks/app/app.env: line 2: unexpected character "{" in variable name "{\\"json\\":\\"hunter2\\"}"\n',
    'failed to read /stacks/app/app.env: line 2: unexpected character <redacted> in variable name <redacted>\n',
  ],
  ["line 3: unterminated quoted value 'hunter2 and more\nnext", 'line 3: unterminated quoted value <redacted>\nnext'],
  ['line 1: key cannot contain a space', 'line 1: key cannot contain a space'],
])('K#1636: the text of a line that Compose cannot read is not passed on: %j', (said, shown) => {
  expect(withoutEnvLines(said)).toBe(shown)
})
