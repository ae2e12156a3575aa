import { mkdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { shortened } from '../../controller/sync/desired.ts'
import { type ExportedObject, exportedFile, exportObjects } from '../../controller/sync/export.ts'
import { syncKinds } from '../../controller/sync/kinds.ts'
import type { CommandContext } from '../context.ts'
import { counted } from '../declarations.ts'
import { CommandError, type ExitCode, exit } from '../exit.ts'
import { findKind } from '../find-kind.ts'
import { type AnyObject, findObject } from '../objects.ts'

export interface ExportOptions {
  /** Only what has all of these. */
  tag?: string[]
  file?: string
  directory?: string
  split?: 'kind' | 'object'
  force?: boolean
}

/**
 * Objects as the TOML that declares them: on the standard output, in one file, or in a folder. The values of secrets stay where they
 * are; what TOML cannot say is told, and the exit code is 1 then.
 */
export const exportToml = async (
  wanted: readonly string[],
  options: ExportOptions,
  context: CommandContext,
): Promise<ExitCode> => {
  if (options.file !== undefined && options.directory !== undefined) {
    throw new CommandError('give one of --file and --directory')
  }
  if (options.split !== undefined && options.directory === undefined) {
    throw new CommandError('--split needs --directory')
  }
  const exported = exportObjects(hasTags(await chosen(wanted, context), options.tag ?? []))
  if (exported.length === 0) throw new CommandError('nothing is exported: no object is like that')

  const { file, directory, split = 'kind', force = false } = options
  const { terminal, cwd } = context
  if (file !== undefined) await save(new Map([[file, exportedFile(exported)]]), force, cwd)
  else if (directory !== undefined) await save(tree(exported, directory, split), force, cwd)
  else terminal.print(exportedFile(exported).trimEnd())
  return report(exported, file ?? directory, context)
}

async function chosen(wanted: readonly string[], context: CommandContext): Promise<AnyObject[]> {
  const connection = await context.connect()
  const { client, namespace } = connection
  const { signal } = context
  const words = wanted.length > 0 ? wanted : [...syncKinds.keys()]
  const lists = await Promise.all(
    words.map(async (word) => {
      const [kindWord = '', ...rest] = word.split('/')
      const kind = findKind(kindWord)
      if (!syncKinds.has(kind.kind)) throw new CommandError(`TOML cannot declare a ${kind.kind}`)
      if (rest.length > 0) return [await findObject(connection, kind, rest.join('/'), signal)]
      return (await client.list<AnyObject>(kind, { namespace, signal })).items
    }),
  )
  return [...new Map(lists.flat().map((object) => [`${object.kind}/${object.metadata.name}`, object])).values()]
}

const hasTags = (objects: readonly AnyObject[], tags: readonly string[]): AnyObject[] =>
  objects.filter(({ spec }) => tags.every((tag) => Array.isArray(spec.tags) && spec.tags.includes(tag)))

/** `stacks.toml`, or `stacks/web.toml`: an object's own name is a file name everywhere. */
function tree(exported: readonly ExportedObject[], directory: string, split: 'kind' | 'object'): Map<string, string> {
  const fileOf = ({ kind, objectName }: ExportedObject): string => {
    const folder = syncKinds.get(kind)?.toml.aliases[0] ?? kind
    return split === 'kind' ? `${folder}.toml` : path.join(folder, `${shortened(objectName, LONGEST_NAME)}.toml`)
  }
  const files = Map.groupBy(
    exported.filter(({ unreadable }) => !unreadable),
    fileOf,
  )
  return new Map([...files].map(([file, objects]) => [path.join(directory, file), exportedFile(objects)]))
}

/** An object may have a longer name than a file, which ends at 255 with its ending. */
const LONGEST_NAME = 250

/** All of the files, or none when one of them is there already. */
async function save(files: ReadonlyMap<string, string>, force: boolean, cwd: string): Promise<void> {
  if (!force) {
    const found = await Promise.all(
      [...files.keys()].map(async (file) => ((await exists(path.resolve(cwd, file))) ? [file] : [])),
    )
    const there = found.flat()
    if (there.length > 0) {
      throw new CommandError(
        `${there.join(', ')} ${there.length === 1 ? 'exists' : 'exist'} already: give --force to write over it`,
      )
    }
  }
  for (const [file, text] of files) {
    const absolute = path.resolve(cwd, file)
    await mkdir(path.dirname(absolute), { recursive: true })
    await writeFile(absolute, text, { flag: force ? 'w' : 'wx' })
  }
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

function report(
  exported: readonly ExportedObject[],
  place: string | undefined,
  { terminal }: CommandContext,
): ExitCode {
  const { note, paint } = terminal
  for (const { kind, name, losses, unreadable } of exported) {
    if (losses.length === 0) continue
    const tone = unreadable ? paint.red('error:') : paint.yellow('warning:')
    note(
      `${tone} ${kind} "${name}" ${unreadable ? 'is left out, TOML cannot say it' : 'is not all there'}: ${losses.join('; ')}`,
    )
  }
  const secrets = exported.filter(({ hasSecrets }) => hasSecrets).length
  if (secrets > 0) {
    note(
      `${paint.yellow('note:')} ${counted(secrets, 'object')} with values in Secrets: the Secrets are named, the values are not part of the export`,
    )
  }
  const written = exported.filter(({ unreadable }) => !unreadable).length
  if (place !== undefined) note(`${counted(written, 'object')} written to ${place}`)
  return exported.some(({ losses }) => losses.length > 0) ? exit.error : exit.ok
}
