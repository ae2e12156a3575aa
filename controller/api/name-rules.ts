/** What Komodo makes of a name when it stores it. A declared `My Stack` and a stored `my_stack` are the same object. */

/** Server, Swarm, Procedure, Action, Builder, Alerter, ResourceSync: trimmed, a newline becomes `_`. */
export const generalName = (name: string): string => name.trim().replaceAll('\n', '_')

/** Stack, Build: lower case, only `[a-z0-9_-]`, starts with a letter or digit. */
export const composeName = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9_-]/gu, '_')
    .replace(/^[^a-z0-9]+/, '')

/** Deployment: only `[A-Za-z0-9_.-]`, starts with a letter or digit. */
export const containerName = (name: string): string =>
  name
    .trim()
    .replace(/[^a-zA-Z0-9_.-]/gu, '_')
    .replace(/^[^a-zA-Z0-9]+/, '')

/** Repo, and directories on disk: trimmed, spaces and newlines become `_`. */
export const pathName = (name: string): string => name.trim().replace(/[ \n]/g, '_')

/** Komodo takes such a name for a database id and refuses it. */
export const looksLikeObjectId = (name: string): boolean => /^[0-9a-f]{24}$/i.test(name)
