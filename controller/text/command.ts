/**
 * The shell text of a Komodo command that is not in shell mode: comment lines and blank lines dropped, ` #` begins a comment, ` \` at
 * the end of a line joins it with the next, the rest is joined with `&&`. Empty: there is nothing to run.
 *
 * A line that already ends in `&&`, `||` or `|` is continued as it is; Komodo would make `&& &&` of the first.
 */
export function joinCommand(text: string): string {
  const lines: string[] = []
  for (const raw of text.split('\n')) {
    let line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const comment = line.indexOf(' #')
    if (comment >= 0) line = line.slice(0, comment).trim()
    if (line !== '') lines.push(line)
  }
  let joined = ''
  let glue = ''
  for (const line of lines) {
    const continued = line === '\\' || line.endsWith(' \\')
    joined += glue + (continued ? line.slice(0, -1).trimEnd() : line)
    glue = continued || /(&&|\|)$/.test(line) ? ' ' : ' && '
  }
  return joined
}
