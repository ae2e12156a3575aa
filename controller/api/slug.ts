import { createHash } from 'node:crypto'

const MAX_LENGTH = 253
const valid = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** An object that exists: its `metadata.name`, and the Komodo name it stands for (annotation `komodo.dev/name`, else the same). */
export interface NamedObject {
  objectName: string
  komodoName: string
}

/** A DNS-1123 subdomain that looks like `name`; `name` itself when it is one. Different names may share one. */
export function prettySlug(name: string): string {
  if (name.length <= MAX_LENGTH && valid.test(name)) return name
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/-*\.[-.]*/g, '.')
    .slice(0, MAX_LENGTH)
    .replace(/^[-.]+|[-.]+$/g, '')
  return slug === '' ? hashed('object', name) : slug
}

/**
 * `metadata.name` for each Komodo name of one kind. Stable: a name that already has an object keeps it. Otherwise, of names that share a slug
 * the first in sorted order gets the pretty one and the others get it with a hash of the name behind.
 */
export function assignSlugs(names: Iterable<string>, live: Iterable<NamedObject>): Map<string, string> {
  const assigned = new Map<string, string>()
  const taken = new Set<string>()
  const existing = new Map<string, string>()
  for (const { objectName, komodoName } of live) {
    taken.add(objectName)
    const other = existing.get(komodoName)
    if (other === undefined || objectName < other) existing.set(komodoName, objectName)
  }
  for (const name of [...new Set(names)].sort()) {
    let slug = existing.get(name)
    if (slug === undefined) {
      slug = prettySlug(name)
      for (let attempt = 0; taken.has(slug); attempt++)
        slug = hashed(prettySlug(name), `${name}${'\0'.repeat(attempt)}`)
      taken.add(slug)
    }
    assigned.set(name, slug)
  }
  return assigned
}

function hashed(slug: string, name: string): string {
  const suffix = createHash('sha256').update(name).digest('hex').slice(0, 6)
  return `${slug.slice(0, MAX_LENGTH - 7).replace(/[-.]+$/, '')}-${suffix}`
}
