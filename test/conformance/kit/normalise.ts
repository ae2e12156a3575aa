/** Takes out of texts and objects what differs from run to run: names of the test's own things, uids, times, versions, counters. */
export class Normaliser {
  readonly #names: readonly (readonly [string, string])[]
  readonly #uids = new Map<string, string>()
  readonly #versions = new Map<string, string>()
  readonly #storeVersions = new Set<string>()

  /** `names` are replaced wherever they occur. Give them a constant length, so that columns keep their widths. */
  constructor(names: Readonly<Record<string, string>>) {
    this.#names = Object.entries(names).map(([placeholder, name]) => [name, placeholder] as const)
  }

  text(text: string): string {
    let result = sortQuotedJson(text)
    for (const [name, placeholder] of this.#names) result = result.replaceAll(name, placeholder)
    return result
      .replaceAll(', application/vnd.kubernetes.protobuf', '') // a declared gap: gaps.ts
      .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, (uid) =>
        this.#label(this.#uids, uid, 'UID'),
      )
      .replace(/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/g, 'MICROTIME')
      .replace(/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
      .replace(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} 20\d\d \d\d:\d\d:\d\d [+\w]+/g, 'TIME')
      .replace(/(too old resource version: \d+) \(\d+\)/, '$1 (RV)')
      .replace(/Too large resource version: (\d+), current: \d+/, 'Too large resource version: $1, current: RV')
      .replace(
        /\b(resourceVersion(?:=|%3D))(\d+)/g,
        (_, before: string, version: string) =>
          before + (this.#storeVersions.has(version) ? 'LISTRV' : (this.#versions.get(version) ?? version)),
      )
      .replace(
        /(resourceVersion\\*":\s?\\*")([1-9]\d*)/g,
        (_, before: string, version: string) => before + (this.#versions.get(version) ?? 'RV'),
      )
      .replace(/(resourceVersion: |Resource Version: +)"?[1-9]\d*"?/g, '$1RV')
      .replace(/(continue=)[^& ]{20,}/g, '$1CONTINUE')
  }

  /**
   * A parsed JSON value; the printer sorts its keys, so their order does not matter here. Of a request only versions are replaced that an
   * answer has shown before: others are the test's own.
   */
  value(value: unknown, { learn = true }: { learn?: boolean } = {}): unknown {
    return this.#value(value, [], learn)
  }

  #value(value: unknown, path: readonly string[], learn: boolean): unknown {
    if (typeof value === 'string') return this.#string(value, path, learn)
    if (Array.isArray(value)) {
      const items = distinctCauses(path, value).map((item) => this.#value(item, [...path, '[]'], learn))
      return path.at(-1) === 'managedFields' ? items.sort((a, b) => sortKey(a).localeCompare(sortKey(b))) : items
    }
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(this.#hideStoreVersion(value)).map(([key, item]) => [
        this.text(key),
        this.#value(item, [...path, key], learn),
      ]),
    )
  }

  /** The version of a list, table or bookmark is the whole store's: what others write in the meantime moves it. */
  #hideStoreVersion(value: object): object {
    const { kind, items, rows, type, object, metadata } = value as {
      kind?: unknown
      [key: string]: unknown
      metadata?: { resourceVersion?: string }
    }
    if (type === 'BOOKMARK') return { ...value, object: { ...(object as object), items: [] } }
    const many = Array.isArray(items) || Array.isArray(rows) || (typeof kind === 'string' && kind.endsWith('List'))
    if (!many || !metadata?.resourceVersion) return value
    this.#storeVersions.add(metadata.resourceVersion)
    return { ...value, metadata: { ...metadata, resourceVersion: 'LISTRV' } }
  }

  #string(value: string, path: readonly string[], learn: boolean): string {
    const [parent, key] = path.slice(-2)
    if (key === 'resourceVersion' && /^[1-9]\d*$/.test(value)) {
      return learn && parent === 'metadata' ? this.#version(value) : (this.#versions.get(value) ?? value)
    }
    if (path.at(-2) === 'cells' && /^\d+[smhd]$/.test(value)) return 'AGE'
    return key === 'continue' && value !== '' ? 'CONTINUE' : this.text(value)
  }

  #version(version: string): string {
    return this.#label(this.#versions, version, 'RV')
  }

  #label(labels: Map<string, string>, value: string, prefix: string): string {
    const known = labels.get(value)
    if (known !== undefined) return known
    const label = `${prefix}${labels.size + 1}`
    labels.set(value, label)
    return label
  }
}

/** Objects that messages quote, with their keys in order: each server has its own. */
const sortQuotedJson = (text: string): string =>
  text
    .replace(/Invalid value: "(\{(?:[^"\\]|\\.)*\})"/g, (whole, quoted: string) => {
      const sorted = trySorted(() => JSON.parse(JSON.parse(`"${quoted}"`) as string))
      return sorted === undefined ? whole : `Invalid value: ${JSON.stringify(sorted)}`
    })
    .replace(/Invalid value: (\[\{.*?\}\]): /g, (whole, list: string) => {
      const sorted = trySorted(() => JSON.parse(list))
      return sorted === undefined ? whole : `Invalid value: ${sorted}: `
    })

const trySorted = (read: () => unknown): string | undefined => {
  try {
    return JSON.stringify(sortKeys(read()))
  } catch {
    return undefined
  }
}

/** A copy whose keys are in order at every depth. */
export const sortKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  )
}

/** The real server checks metadata more than once on some ways, and names each fault as often; its message does not. */
const distinctCauses = (path: readonly string[], items: readonly unknown[]): unknown[] =>
  path.at(-1) === 'causes' ? [...new Map(items.map((item) => [JSON.stringify(item), item])).values()] : [...items]

/** Entries are ordered by their time of one second, so a test that crosses a second would see another order. */
const sortKey = (entry: unknown): string => {
  const { operation, subresource, manager } = entry as Record<string, string | undefined>
  return [operation, subresource, manager].join(' ')
}
