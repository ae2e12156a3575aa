/** One character that steers a terminal. */
const steering = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/**
 * Names and messages come from repositories, registries and containers. What would steer the terminal (escape sequences, colours that hide
 * text among them, a carriage return, a backspace, marks that turn the direction of text) is shown as what it is; lines and tabs stay.
 */
export const printable = (text: string): string =>
  text.replace(steering, (char) =>
    char === '\n' || char === '\t' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
