/**
 * The commands of a shell text, each with the lines that continue it; `undefined` when a line may be a piece of something larger: an
 * `if`, a function, a quoted text or a here-document over several lines. Likewise when the text itself says `set -e`, which counts for
 * nothing among `&&`. Knows as much of the shell as that takes, and rather says `undefined` than parts what belongs together.
 */
export function wholeCommands(lines: readonly string[]): string[] | undefined {
  const commands: string[] = []
  let begun = ''
  for (const line of lines) {
    const command = begun === '' ? line : `${begun}\n${line}`
    const bare = withoutQuoted(command)
    if (bare === undefined || isPiece(bare)) return undefined
    if (/(^|[^\\])(\\\\)*\\$|(&&|\|)\s*$/.test(bare)) begun = command
    else {
      commands.push(command)
      begun = ''
    }
  }
  // A continuation that leads nowhere.
  return begun === '' ? commands : undefined
}

/** Whether what begins in a text does not end in it. Words count wherever they stand: `echo done` is taken for a piece, too. */
function isPiece(bare: string): boolean {
  if (bare.includes('<<')) return true
  const words = bare.split(/[\s;&|()]+/)
  const count = (...wanted: string[]) => words.filter((word) => wanted.includes(word)).length
  return (
    count('if') !== count('fi') ||
    count('for', 'select', 'while', 'until') !== count('done') ||
    count('case') !== count('esac') ||
    count('{') !== count('}') ||
    count('[[') !== count(']]') ||
    /^\s*(then|elif|else|do)\b|\b(then|else|do)\s*$/.test(bare) ||
    // The head of a function, its body below.
    /\(\s*\)\s*$|\bfunction\s+\S+\s*$/.test(bare) ||
    /\bset\s.*(-[a-zA-Z]*e|errexit)/.test(bare)
  )
}

/** The text without comments and what stands in quotes; `undefined` when a quote, a bracket or a backtick is left open. */
function withoutQuoted(text: string): string | undefined {
  let bare = ''
  let open = 0
  let inWord = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    const began = inWord
    inWord = !/[\s;&|()]/.test(char)
    if (char === '\\') {
      bare += text.slice(at, at + 2)
      at++
    } else if (char === "'" || char === '"' || char === '`') {
      at = endOfQuoted(text, at)
      if (at < 0) return undefined
      // What is in quotes is part of a word.
      bare += 'q'
    } else if (char === '#' && !began) {
      const end = text.indexOf('\n', at)
      at = end < 0 ? text.length : end - 1
    } else {
      if (char === '(') open++
      else if (char === ')' && --open < 0) return undefined
      bare += char
    }
  }
  return open === 0 ? bare : undefined
}

/** Where the quoted text that begins at `at` ends; -1: nowhere. */
function endOfQuoted(text: string, at: number): number {
  const quote = text[at]
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === quote) return end
    if (text[end] === '\\' && quote !== "'") end++
  }
  return -1
}
