import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'

/** Readable by its owner alone. */
export const PRIVATE = 0o600

/** The file is there whole or as it was before, also after a crash. */
export const writeAtomically = async (file: string, text: string, mode: number = PRIVATE): Promise<void> => {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  const handle = await open(temporary, 'wx', mode)
  try {
    await handle.writeFile(text)
    await handle.sync()
    await handle.close()
    await rename(temporary, file)
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
}
