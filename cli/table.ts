/** Columns padded to their widest cell, three spaces apart, like kubectl's; so is a cell of many lines: its first one, and dots. */
export const renderTable = (header: readonly string[], rows: readonly (readonly string[])[]): string => {
  const all = [header, ...rows.map((row) => row.map(oneLine))]
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('   ')
        .trimEnd(),
    )
    .join('\n')
}

const oneLine = (cell: string): string => {
  const [first = '', ...more] = cell.trim().split(/\r?\n/)
  return more.length > 0 ? `${first}...` : first
}
