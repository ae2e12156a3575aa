const INT32_MAX = 2_147_483_647

/** Three numbers; 0.0.0 stands for none, or the latest. */
export interface Version {
  major: number
  minor: number
  patch: number
}

/** `1`, `1.2` or `1.2.3`; what follows a third dot is ignored, as Komodo does. `undefined` when it is none of them. */
export function parseVersion(text: string): Version | undefined {
  const parts = text.split('.').slice(0, 3).map(toInt32)
  if (parts.includes(undefined)) return undefined
  const [major = 0, minor = 0, patch = 0] = parts
  return { major, minor, patch }
}

export const formatVersion = ({ major, minor, patch }: Version): string => `${major}.${minor}.${patch}`

function toInt32(text: string): number | undefined {
  if (!/^[+-]?\d{1,10}$/.test(text)) return undefined
  const value = Number(text)
  return value <= INT32_MAX && value >= -INT32_MAX - 1 ? value : undefined
}
