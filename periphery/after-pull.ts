import type { AfterPull } from '../controller/hosts/port.ts'
import { confinedPath, writePrivateFile } from './confined-path.ts'
import { envFile } from './env-file.ts'
import type { Stages } from './stages.ts'

/** The files that `afterPull` writes below a repository's directory, absolute. */
export const envFileOf = async (directory: string, { environment, envFilePath }: AfterPull): Promise<string[]> =>
  environment.length === 0 ? [] : [await confinedPath(directory, envFilePath)]

/**
 * What follows when the files of a repository were written, as in Komodo (behaviour §9.5): env file, `On Clone`, `On Pull`. A failure
 * of the first command keeps the second from running.
 *
 * @param clone whether `onClone` went through before, and what remembers that it did
 */
export const afterPull = async (
  directory: string,
  after: AfterPull,
  clone: { cloned: boolean; remember: () => Promise<void> },
  stages: Stages,
): Promise<void> => {
  for (const path of await envFileOf(directory, after)) await writePrivateFile(path, envFile(after.environment))
  if (!clone.cloned) {
    await stages.command('On Clone', directory, directory, after.onClone)
    await clone.remember()
  }
  await stages.command('On Pull', directory, directory, after.onPull)
}
