import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { SecureContext } from 'node:tls'
import { http } from '../kube/node-http.ts'
import { SourceError } from './errors.ts'
import { type Heads, HeadsBuilder } from './heads.ts'
import { formatBytes } from './limits.ts'
import { addressOf, type GitRemote } from './remote.ts'

/** One HTTP request of git's protocol, version 2. What is looked at every minute must not cost a process every time. */

/** A host that has not answered by then is left to git, which has its own patience. */
const PATIENCE_MS = 10_000

/** `ls-refs` of HEAD and all branches: pkt-lines, each with its length in four digits; `0001` and `0000` part and end. */
const question = `${['command=ls-refs', 'agent=komodo-operator'].map(packet).join('')}0001${['symrefs', 'ref-prefix HEAD', 'ref-prefix refs/heads/'].map(packet).join('')}0000`

function packet(line: string): string {
  return `${(line.length + 5).toString(16).padStart(4, '0')}${line}\n`
}

/**
 * What the remote lists; `undefined` when that needs git itself: another protocol, a redirect, a failure of any kind. Nothing is
 * concluded from that but that git is to be asked. Rejects with `SourceError` when the list has no end. The login goes to the host of the URL, and to no other.
 */
export async function askOverHttp(
  remote: GitRemote,
  { maxBytes, timeoutMs }: { maxBytes: number; timeoutMs: number },
  trusted?: SecureContext,
): Promise<Heads | undefined> {
  const { url, credentials } = remote
  const transport = addressOf(url)?.transport
  if (transport !== 'http' && transport !== 'https') return undefined
  const { basic, bearer, ca } = credentials ?? {}
  const authorization =
    basic !== undefined
      ? `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`
      : bearer && `Bearer ${bearer}`
  const options: RequestOptions = {
    method: 'POST',
    headers: {
      'content-type': 'application/x-git-upload-pack-request',
      accept: 'application/x-git-upload-pack-result',
      'git-protocol': 'version=2',
      'content-length': Buffer.byteLength(question),
      'user-agent': 'git/komodo-operator',
      ...(authorization === undefined ? {} : { authorization }),
    },
    signal: AbortSignal.timeout(Math.min(PATIENCE_MS, timeoutMs / 2)),
    ...(ca !== undefined ? { ca } : trusted === undefined ? {} : { secureContext: trusted }),
  }
  const answer = await post(transport, `${url.replace(/\/+$/, '')}/git-upload-pack`, options, maxBytes)
  return answer && parseRefs(answer)
}

function post(
  transport: 'http' | 'https',
  url: string,
  options: RequestOptions,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>()
  const request = (transport === 'http' ? http.request : httpsRequest)(url, options, (response) => {
    const isRefs = response.headers['content-type'] === 'application/x-git-upload-pack-result'
    if (response.statusCode !== 200 || !isRefs) {
      response.destroy()
      resolve(undefined)
      return
    }
    const chunks: Buffer[] = []
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes) chunks.push(chunk)
      else {
        // Git itself would take all of it into memory.
        const message = `${url.replace(/\/git-upload-pack$/, '')} lists more than ${formatBytes(maxBytes)} of branches; point it at a smaller repository`
        reject(new SourceError('TooLarge', message))
        response.destroy()
      }
    })
    response.on('end', () => resolve(Buffer.concat(chunks)))
    response.on('close', () => resolve(undefined))
    response.on('error', () => resolve(undefined))
  })
  request.on('error', () => resolve(undefined))
  request.end(question)
  return promise
}

/** `hash SP name [SP symref-target:name]` a packet, ended by `0000`. `undefined` when it is not that, from start to end. */
export function parseRefs(answer: Buffer): Heads | undefined {
  const heads = new HeadsBuilder()
  for (let at = 0; at + 4 <= answer.length; ) {
    const digits = answer.toString('latin1', at, at + 4)
    const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : -1
    if (length === 0) return at + 4 === answer.length ? heads.build() : undefined
    if (length < 4 || at + length > answer.length) return undefined
    const line = answer.toString('utf8', at + 4, at + length).replace(/\n$/, '')
    const [hash = '', name = '', ...attributes] = line.split(' ')
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash) || name === '') return undefined
    heads.add(name, hash)
    const target = attributes.find((attribute) => attribute.startsWith('symref-target:'))
    if (name === 'HEAD' && target !== undefined) heads.head(target.slice('symref-target:'.length))
    at += length
  }
  return undefined
}
