import type { Resource, ServedVersion } from './resource.ts'

/** What is served now. Custom resources come and go; built-in ones stay. */
export class Registry {
  readonly #byPath = new Map<string, ServedVersion>()
  readonly #resources = new Map<string, Resource>()
  readonly #listeners = new Set<() => void>()
  #generation = 0

  /** Counts changes, so that what is derived (documents, discovery) knows when it is stale. */
  get generation(): number {
    return this.#generation
  }

  find(group: string, version: string, plural: string): ServedVersion | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`)
  }

  /** Every resource, in the order in which they were added. */
  resources(): Resource[] {
    return [...this.#resources.values()]
  }

  byName(group: string, plural: string): Resource | undefined {
    return this.#resources.get(`${group}/${plural}`)
  }

  /** The served version of a kind, for owner references and the like. */
  byKind(apiVersion: string, kind: string): ServedVersion | undefined {
    for (const served of this.#byPath.values()) {
      if (served.apiVersion === apiVersion && served.model.kind === kind) return served
    }
    return undefined
  }

  hasGroup(group: string): boolean {
    return this.resources().some((resource) => resource.group === group)
  }

  hasGroupVersion(group: string, version: string): boolean {
    return this.versions(group, version).length > 0
  }

  versions(group: string, version: string): ServedVersion[] {
    return [...this.#byPath.values()].filter((served) => served.resource.group === group && served.version === version)
  }

  /** Adds a resource, in place of one of the same group and plural. */
  put(resource: Resource): void {
    this.#forget(resource.group, resource.plural)
    this.#resources.set(`${resource.group}/${resource.plural}`, resource)
    for (const served of resource.versions) {
      this.#byPath.set(`${resource.group}/${served.version}/${resource.plural}`, served)
    }
    this.#changed()
  }

  remove(group: string, plural: string): void {
    if (this.#forget(group, plural)) this.#changed()
  }

  /** Calls back after each change. Answers the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #forget(group: string, plural: string): boolean {
    const known = this.#resources.get(`${group}/${plural}`)
    for (const served of known?.versions ?? []) this.#byPath.delete(`${group}/${served.version}/${plural}`)
    return this.#resources.delete(`${group}/${plural}`)
  }

  #changed(): void {
    this.#generation += 1
    for (const listener of this.#listeners) listener()
  }
}
