import { type KubeObject, keyOf, keyText } from '../api/meta.ts'
import { komodoNameOf } from '../api/names.ts'
import type { GitProvider } from '../api/v1alpha1/git-provider.ts'
import type { ImageRegistry } from '../api/v1alpha1/image-registry.ts'
import type { Server } from '../api/v1alpha1/server.ts'
import type { Lister } from '../engine/lister.ts'
import type { Wake } from '../engine/reconciler.ts'
import type { SecretData, SecretReader } from './secrets.ts'

/** An account that an object asks for. */
export interface AccountQuery {
  namespace: string
  /** Host of the provider or registry. */
  domain: string
  username: string
  /** That the object runs on, by either of its names; nothing: it runs on none. */
  server?: string | undefined
}

export interface Account {
  /** All of its Secret; `token` has the account's own. */
  data: SecretData
  token: string
  /** Of the provider, where it says so. */
  https?: boolean
  /** For messages. */
  where: string
}

export interface AccountsOptions<T extends GitProvider | ImageRegistry> {
  providers: Lister<T>
  servers: Lister<Server>
  secrets: SecretReader
  /** Type of Secrets that are an account by themselves: `domain`, `username`, and `password` or `token`. */
  secretType: string
  /** One spelling of a domain. */
  canonical: (domain: string) => string
}

/**
 * Where accounts are looked for, as Komodo does: first the providers that are declared, then Secrets that are accounts, then the
 * providers that are only for the Server of who asks.
 */
export class Accounts<T extends GitProvider | ImageRegistry> {
  readonly #options: AccountsOptions<T>

  /** Declares indexes, so there is to be one for a lister. */
  constructor(options: AccountsOptions<T>) {
    this.#options = options
    const { providers, canonical } = options
    providers.addIndex(ACCOUNT, ({ metadata, spec }) =>
      spec.accounts.map(({ username }) => accountKey(metadata.namespace, canonical(spec.domain), username)),
    )
    providers.addIndex(SECRET, ({ metadata: { namespace }, spec }) =>
      spec.accounts.flatMap(({ tokenFrom }) =>
        tokenFrom === undefined ? [] : [keyText({ namespace, name: tokenFrom.secretKeyRef.name })],
      ),
    )
  }

  /** The account, or why there is none. */
  async find(query: AccountQuery, signal: AbortSignal): Promise<Account | { missing: string }> {
    const { namespace, username } = query
    const domain = this.#options.canonical(query.domain)
    const [forAll, forSome] = this.#providersOf({ ...query, domain })
    const lacking: string[] = []
    const first = await this.#firstOf(forAll, query, lacking, signal)
    if (first !== undefined) return first
    for (const data of await this.#options.secrets.ofType(namespace, this.#options.secretType, signal)) {
      if (this.#options.canonical(data.get('domain') ?? '') !== domain || data.get('username')?.trim() !== username)
        continue
      const https = data.get('https')?.trim()
      return {
        data,
        token: (data.get('password') ?? data.get('token') ?? '').trim(),
        ...(https === undefined ? {} : { https: https !== 'false' }),
        where: `the Secret of account "${username}" at ${domain}`,
      }
    }
    const last = await this.#firstOf(forSome, query, lacking, signal)
    return last ?? { missing: lacking.map((one) => `; ${one}`).join('') }
  }

  /** Wakes objects when an account that they name, or its Secret, appears, changes or goes. */
  wake<U extends KubeObject>(
    users: Lister<U>,
    usedBy: (object: Readonly<U>) => Omit<AccountQuery, 'namespace'>[],
  ): Wake {
    const { providers, secrets, canonical, secretType } = this.#options
    const index = `${secretType} of users`
    users.addIndex(index, (object) => {
      const { namespace } = object.metadata
      const used = usedBy(object)
      const keys = used.map(({ domain, username }) => accountKey(namespace, canonical(domain), username))
      return keys.length === 0 ? [] : [...keys, keyText({ namespace, name: ANY })]
    })
    return (enqueue, signal) => {
      const wakeUsers = ({ metadata, spec }: Readonly<T>): void => {
        for (const { username } of spec.accounts) {
          const key = accountKey(metadata.namespace, canonical(spec.domain), username)
          for (const user of users.byIndex(index, key)) enqueue(keyOf(user))
        }
      }
      providers.onChange(({ before, after }) => {
        if (before?.metadata.generation === after?.metadata.generation) return
        for (const provider of [before, after]) if (provider !== undefined) wakeUsers(provider)
      }, signal)
      secrets.onChange((namespace, name, type) => {
        for (const provider of providers.byIndex(SECRET, keyText({ namespace, name }))) wakeUsers(provider)
        if (type !== secretType) return
        for (const user of users.byIndex(index, keyText({ namespace, name: ANY }))) enqueue(keyOf(user))
      }, signal)
    }
  }

  #providersOf({ namespace, domain, username, server }: AccountQuery): [Readonly<T>[], Readonly<T>[]] {
    const all = [...this.#options.providers.byIndex(ACCOUNT, accountKey(namespace, domain, username))].sort((a, b) =>
      a.metadata.name < b.metadata.name ? -1 : 1,
    )
    const limits = (provider: Readonly<T>): readonly string[] => provider.spec.operator.servers
    return [
      all.filter((provider) => limits(provider).length === 0),
      all.filter(
        (provider) => server !== undefined && limits(provider).some((one) => this.#isSame(namespace, one, server)),
      ),
    ]
  }

  #isSame(namespace: string, a: string, b: string): boolean {
    const { servers } = this.#options
    const uid = servers.find(namespace, a)?.metadata.uid
    return a === b || (uid !== undefined && uid === servers.find(namespace, b)?.metadata.uid)
  }

  async #firstOf(
    providers: readonly Readonly<T>[],
    { namespace, username }: AccountQuery,
    lacking: string[],
    signal: AbortSignal,
  ): Promise<Account | undefined> {
    for (const provider of providers) {
      const { kind } = provider
      const reference = provider.spec.accounts.find((account) => account.username === username)?.tokenFrom?.secretKeyRef
      const data = reference && (await this.#options.secrets.read(namespace, reference.name, signal))
      const token = reference && data?.get(reference.key)?.trim()
      const where = `${kind} "${komodoNameOf(provider)}"`
      if (data !== undefined && token) {
        const https = 'https' in provider.spec ? { https: provider.spec.https } : {}
        return { data, token, ...https, where: `Secret "${reference?.name}" of ${where}` }
      }
      lacking.push(
        reference === undefined
          ? `${where} has that account, but no token for it`
          : `${where} has that account, but key "${reference.key}" of Secret "${reference.name}" is not there`,
      )
    }
    return undefined
  }
}

const ACCOUNT = 'account'
const SECRET = 'secret-of-account'
/** In place of an account: whoever names one. Names of objects hold no such thing. */
const ANY = '*'

const accountKey = (namespace: string | undefined, domain: string, username: string): string =>
  keyText({ namespace, name: `${domain}/${username}` })
