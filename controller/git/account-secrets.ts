import type { KubeObject } from '../api/meta.ts'
import type { Lister } from '../engine/lister.ts'
import type { CredentialSecrets } from './credentials.ts'

interface Secret extends KubeObject {
  type?: string
  data?: Readonly<Record<string, string>>
}

/** Logins from the watched copy of Secrets. */
export const accountSecrets = (lister: Lister<Secret>): CredentialSecrets => ({
  read: async (namespace, name) => {
    const secret = lister.get({ namespace, name })
    return secret && decode(secret)
  },
  ofType: async (namespace, type) =>
    [...lister.list(namespace)].flatMap((secret) => (secret.type === type ? [decode(secret)] : [])),
})

const decode = ({ data }: Readonly<Secret>): ReadonlyMap<string, string> =>
  new Map(Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
