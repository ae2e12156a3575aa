/** A colour of ours (`cli/terminal.ts`), or one character that steers a terminal. */
const steering = /\p{Cc}\[(?:1|2|3\d|22|39)m|[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/**
 * Names and messages come from repositories, registries and containers. What would steer the terminal (escape sequences, a carriage
 * return, a backspace, marks that turn the direction of text) is shown as what it is; lines, tabs and plain colours stay.
 */
export const printable = (text: string): string =>
  text.replace(steering, (found) => {
    const [char = ''] = found
    const isHarmless = char === '\n' || char === '\t' || (char === '\u001b' && found.length > 1)
    return isHarmless ? found : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}${found.slice(1)}`
  })
