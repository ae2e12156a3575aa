import type { HttpClient, Method } from './http.ts'

/** Kinds that outlive a test's namespace. */
const clusterScoped = /\/(namespaces|customresourcedefinitions|clusterroles|clusterrolebindings)$/

/** Remembers what the tests of a file made on an API that lives on, and removes it: nothing of a user's cluster is guessed at by name. */
export class Cleanup {
  readonly #http: HttpClient
  readonly #paths = new Set<string>()
  readonly #namespaces = new Set<string>()

  constructor(http: HttpClient) {
    this.#http = http
  }

  /** Call with each answer. */
  note(method: Method, path: string, status: number, body: unknown): void {
    const [bare = ''] = path.split('?')
    if (method !== 'POST' || status !== 201 || path.includes('dryRun') || !clusterScoped.test(bare)) return
    const { name } = (body as { metadata: { name: string } }).metadata
    this.#paths.add(`${bare}/${name}`)
    if (bare.endsWith('/namespaces')) this.#namespaces.add(name)
  }

  /** What other tools made. */
  add(path: string): void {
    this.#paths.add(path)
  }

  /** @param collections of namespaced resources in which tests leave finalizers, as paths with `NS` for the namespace */
  async run(collections: readonly string[]): Promise<void> {
    for (const namespace of this.#namespaces) {
      for (const collection of collections) await this.#release(collection.replace('NS', namespace))
    }
    for (const path of [...this.#paths].reverse()) await this.#http.send({ method: 'DELETE', path })
  }

  async #release(collection: string): Promise<void> {
    const { status, body } = await this.#http.send({ method: 'GET', path: collection })
    if (status !== 200) return
    const { items } = JSON.parse(body) as { items: { metadata: { name: string; finalizers?: string[] } }[] }
    for (const { metadata } of items.filter((item) => item.metadata.finalizers !== undefined)) {
      await this.#http.send({
        method: 'PATCH',
        path: `${collection}/${metadata.name}`,
        headers: { 'content-type': 'application/merge-patch+json' },
        body: '{"metadata":{"finalizers":null}}',
      })
    }
  }
}
