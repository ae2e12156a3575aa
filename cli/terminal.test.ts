import { describe, expect, it } from 'vitest'
import { ansiPaint, createTerminal } from './terminal.ts'

const written = (tty: boolean) => {
  let text = ''
  const stream = { isTTY: tty, write: (more: string) => (text += more) }
  return { terminal: createTerminal(stream, stream, undefined), text: () => text }
}

describe('attack: text of others on the terminal', () => {
  it.each([
    ['clears the screen', '\u001b[2J', '\\u001b[2J'],
    ['sets the title', '\u001b]0;x\u0007', '\\u001b]0;x\\u0007'],
    ['goes back over what was written', 'deleted\rcreated', 'deleted\\u000dcreated'],
    ['takes letters back', 'no\b\byes', 'no\\u0008\\u0008yes'],
    ['hides by a colour of its own', '\u001b[8mhidden', '\\u001b[8mhidden'],
    ['hides by black', '\u001b[30mhidden', '\\u001b[30mhidden'],
    ['looks like one of our colours', '\u001b[31mred\u001b[39m', '\\u001b[31mred\\u001b[39m'],
    ['begins a sequence by one character', '\u009b2J', '\\u009b2J'],
    ['turns the direction', 'a\u202eb', 'a\\u202eb'],
  ])('that %s is shown as what it is', (_, text, shown) => {
    for (const how of ['print', 'note'] as const) {
      const { terminal, text: all } = written(true)
      terminal[how](text)
      expect(all()).toBe(`${shown}\n`)
    }
    const { terminal, text: all } = written(true)
    terminal.progress(text)
    expect(all()).toBe(`\r\u001b[2K${shown}`)
  })

  it('leaves lines, tabs, umlauts and our own colours alone', () => {
    const { terminal, text } = written(true)
    const ours = `${ansiPaint.red('grün')}\n\t${ansiPaint.bold('日本')} ${ansiPaint.dim('x')}`
    terminal.print(ours)
    expect(text()).toBe('\u001b[31mgrün\u001b[39m\n\t\u001b[1m日本\u001b[22m \u001b[2mx\u001b[22m\n')
  })
})
