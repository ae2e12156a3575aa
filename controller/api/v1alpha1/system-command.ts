import { flag, table, text } from './field.ts'
import Type from './schema.ts'

/** A command that runs on the host around an operation. */
export const systemCommand = (description: string, since?: string) =>
  table(
    (options) =>
      Type.Object(
        {
          path: text('Directory to run in, relative to the run directory; empty: the run directory itself.', {
            example: 'scripts',
          }),
          command: text('The command; empty: nothing runs.', { shape: 'FileContents', example: 'sh prepare.sh' }),
          shellMode: flag(
            'false: comments are dropped and the lines joined with `&&`. true: the text goes to the shell as it is.',
            { default: false, since: '2.2.0' },
          ),
        },
        options,
      ),
    description,
    { inOrder: true, ...(since && { since }) },
  )
