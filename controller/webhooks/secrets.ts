import type { Lister } from '../engine/lister.ts'
import type { Secret } from '../kube/builtin-types.ts'
import type { Webhookable } from './targets.ts'

/** Secret with the key below: signs the webhooks of all objects that have no secret of their own, and those of whole repositories. */
export const INSTALLATION_SECRET = 'komodo-webhook'
const INSTALLATION_KEY = 'secret'

/** What signs webhooks, read from the watched copy of Secrets. Without a secret nothing is ever accepted. */
export class WebhookSecrets {
  readonly #lister: Lister<Secret>
  readonly #namespace: string

  constructor(lister: Lister<Secret>, namespace: string) {
    this.#lister = lister
    this.#namespace = namespace
  }

  ofInstallation(): string | undefined {
    return this.#read(this.#namespace, INSTALLATION_SECRET, INSTALLATION_KEY)
  }

  /** Its own, else the installation's. One that it names and that is not there leaves it without any. */
  of({ metadata, spec }: Readonly<Webhookable>): string | undefined {
    const own = spec.webhookSecretFrom?.secretKeyRef
    return own === undefined ? this.ofInstallation() : this.#read(metadata.namespace ?? '', own.name, own.key)
  }

  /** Whether only its own counts for it. */
  hasOwn({ spec }: Readonly<Webhookable>): boolean {
    return spec.webhookSecretFrom !== undefined
  }

  /** Where the secret of an object would have to be, for messages. */
  placeFor(object: Readonly<Webhookable> | undefined): string {
    const own = object?.spec.webhookSecretFrom?.secretKeyRef
    return own === undefined
      ? `key "${INSTALLATION_KEY}" of Secret ${this.#namespace}/${INSTALLATION_SECRET}`
      : `key "${own.key}" of Secret ${object?.metadata.namespace}/${own.name}`
  }

  #read(namespace: string, name: string, key: string): string | undefined {
    const data = this.#lister.get({ namespace, name })?.data ?? {}
    const encoded = Object.hasOwn(data, key) ? data[key] : undefined
    // A file that a Secret is made from often ends with a newline, which nobody typed into the git server.
    const value = Buffer.from(encoded ?? '', 'base64')
      .toString('utf8')
      .replace(/\r?\n$/, '')
    return value === '' ? undefined : value
  }
}
