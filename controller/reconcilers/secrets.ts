import { keyText } from '../api/meta.ts'
import type { Lister } from '../engine/lister.ts'
import type { Secret } from '../kube/builtin-types.ts'

/** Decoded values by key. */
export type SecretData = ReadonlyMap<string, string>

export interface SecretReader {
  /** `undefined` when there is no such Secret. */
  read(namespace: string, name: string, signal: AbortSignal): Promise<SecretData | undefined>
  /** The Secrets of one type (`type` of the Secret). */
  ofType(namespace: string, type: string, signal: AbortSignal): Promise<readonly SecretData[]>
  onChange(listener: (namespace: string, name: string, type: string | undefined) => void, signal: AbortSignal): void
}

/** Reads Secrets from a watched copy. Declares an index, so it is to be called once for a lister. */
export function secretsOf(lister: Lister<Secret>): SecretReader {
  lister.addIndex(TYPE, ({ metadata, type }) =>
    type === undefined ? [] : [keyText({ namespace: metadata.namespace, name: type })],
  )
  return {
    read: async (namespace, name) => {
      const secret = lister.get({ namespace, name })
      return secret === undefined ? undefined : decode(secret)
    },
    ofType: async (namespace, type) => lister.byIndex(TYPE, keyText({ namespace, name: type })).map(decode),
    onChange: (listener, signal) => {
      lister.onChange(({ before, after }) => {
        const secret = after ?? before
        if (secret === undefined || (before !== undefined && after !== undefined && sameData(before, after))) return
        listener(secret.metadata.namespace ?? '', secret.metadata.name, secret.type)
      }, signal)
    },
  }
}

const TYPE = 'type'

const decode = (secret: Readonly<Secret>): SecretData =>
  new Map(Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]))

const sameData = (a: Readonly<Secret>, b: Readonly<Secret>): boolean => {
  const [left, right] = [Object.entries(a.data ?? {}), b.data ?? {}]
  return left.length === Object.keys(right).length && left.every(([key, value]) => right[key] === value)
}
