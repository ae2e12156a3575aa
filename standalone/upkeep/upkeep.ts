import type { Backend } from '../call.ts'
import { Definitions } from './definitions.ts'

/** What the server does by itself, in one place. */
export const startUpkeep = async (
  backend: Backend,
  onFault: (error: unknown) => void,
): Promise<{ stop(): Promise<void> }> => {
  const stopDefinitions = await new Definitions(backend, onFault).start()
  return {
    stop: async () => {
      stopDefinitions()
    },
  }
}
