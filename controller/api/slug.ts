import { createHash } from 'node:crypto'

const MAX_LENGTH = 253
const HASH_LENGTH = 6
const valid = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** An object that exists: its `metadata.name`, and the Komodo name it stands for (annotation `komodo.dev/name`, else the same). */
export interface NamedObject {
  objectName: string
  komodoName: string
}

/** Whether `name` can be a `metadata.name`: a DNS-1123 subdomain. */
export const isObjectName = (name: string): boolean => name.length <= MAX_LENGTH && valid.test(name)

/** A DNS-1123 subdomain that looks like `name`; `name` itself when it is one. Different names may share one. */
export function prettySlug(name: string): string {
  if (isObjectName(name)) return name
  const slug = name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/-*\.[-.]*/g, '.')
    .slice(0, MAX_LENGTH)
    .replace(/^[-.]+|[-.]+$/g, '')
  return slug === '' ? hashed('object', name) : slug
}

/**
 * `metadata.name` for each Komodo name of one kind. Stable: a name that already has an object keeps it. Of the others that share a
 * slug, a name that is its own slug comes first, then sorted order decides; the rest get the slug with a hash of the name behind.
 *
 * @param normalize what Komodo makes of a name (`KindDefinition.toml.normalizeName`): names that it makes equal are one object
 */
export function assignSlugs(
  names: Iterable<string>,
  live: Iterable<NamedObject>,
  normalize: (name: string) => string = (name) => name,
): Map<string, string> {
  const taken = new Set<string>()
  const byIdentity = new Map<string, string>()
  for (const { objectName, komodoName } of live) {
    taken.add(objectName)
    const identity = normalize(komodoName)
    const other = byIdentity.get(identity)
    if (other === undefined || objectName < other) byIdentity.set(identity, objectName)
  }
  const assigned = new Map<string, string>()
  const sorted = [...new Set(names)].sort()
  const ownSlugFirst = [...sorted.filter(isObjectName), ...sorted.filter((name) => !isObjectName(name))]
  for (const name of ownSlugFirst) {
    const identity = normalize(name)
    let slug = byIdentity.get(identity)
    if (slug === undefined) {
      slug = free(name, taken)
      taken.add(slug)
      byIdentity.set(identity, slug)
    }
    assigned.set(name, slug)
  }
  return assigned
}

function free(name: string, taken: ReadonlySet<string>): string {
  const pretty = prettySlug(name)
  if (!taken.has(pretty)) return pretty
  for (let attempt = 0; ; attempt++) {
    const slug = hashed(pretty, attempt === 0 ? name : `${name}\0${attempt}`)
    if (!taken.has(slug)) return slug
  }
}

function hashed(slug: string, name: string): string {
  const suffix = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH)
  return `${slug.slice(0, MAX_LENGTH - HASH_LENGTH - 1).replace(/[-.]+$/, '')}-${suffix}`
}
