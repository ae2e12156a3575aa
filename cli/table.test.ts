import { expect, it } from 'vitest'
import { renderTable } from './table.ts'

it('keeps one row to a line, like kubectl, when a message has more', () => {
  expect(
    renderTable(
      ['NAME', 'MESSAGE'],
      [
        ['web', 'It exited (exit code 4).\nIts last log lines:\nbye'],
        ['other-name', 'fine\n'],
      ],
    ),
  ).toBe('NAME         MESSAGE\nweb          It exited (exit code 4)....\nother-name   fine')
})
