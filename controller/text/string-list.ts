/** The entries of a list written as text: split at newlines and commas; `#` begins a comment. */
export function parseStringList(text: string): string[] {
  const entries: string[] = []
  for (const raw of text.split('\n')) {
    let line = raw.trim()
    if (line.startsWith('#')) continue
    const comment = line.indexOf(' #')
    if (comment >= 0) line = line.slice(0, comment)
    for (const entry of line.split(',')) {
      const trimmed = entry.trim()
      if (trimmed !== '') entries.push(trimmed)
    }
  }
  return entries
}
