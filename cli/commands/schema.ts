import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { CommandContext } from '../context.ts'
import { editorSchema } from '../editor-schema.ts'
import { type ExitCode, exit } from '../exit.ts'

export interface SchemaOptions {
  file?: string
}

/** The schema of TOML files for editors: to the terminal, or to a file, with what to tell the editor then. */
export const schema = async ({ file }: SchemaOptions, { terminal, cwd }: CommandContext): Promise<ExitCode> => {
  const text = JSON.stringify(editorSchema(), null, 2)
  if (file === undefined) {
    terminal.print(text)
    return exit.ok
  }
  await writeFile(path.resolve(cwd, file), `${text}\n`)
  const shown = file.startsWith('/') || file.startsWith('.') ? file : `./${file}`
  terminal.note(`wrote ${file}

Editors with a TOML language server take it for one file by its first line,

    #:schema ${shown}

or for all files by a .taplo.toml at the root of the repository:

    [[rule]]
    include = ["**/*.toml"]
    [rule.schema]
    path = "${shown}"`)
  return exit.ok
}
