/** Waits for something to come true, looking often; for tests that run real components. */
export const until = async <T>(what: string, look: () => T | undefined | false, timeoutMs = 5_000): Promise<T> => {
  const giveUpAt = Date.now() + timeoutMs
  for (;;) {
    const found = look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > giveUpAt) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** The same for what must be asked. */
export const untilAsync = async <T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  timeoutMs = 5_000,
): Promise<T> => {
  const giveUpAt = Date.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > giveUpAt) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
