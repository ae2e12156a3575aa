import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { inClusterAccess, KubeconfigError, loadKubeconfig } from './kubeconfig.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'komodo-kubeconfig-'))
  await writeFile(path.join(folder, 'ca.crt'), 'CA from a file')
  await writeFile(path.join(folder, 'token'), 'token from a file\n')
  await writeFile(path.join(folder, 'namespace'), 'komodo\n')
})
afterAll(() => rm(folder, { recursive: true }))

const base64 = (text: string): string => Buffer.from(text).toString('base64')

let written = 0
const write = async (parts: { user?: object; cluster?: object; context?: object; more?: object }): Promise<string> => {
  const file = path.join(folder, `config-${written++}`)
  const config = {
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'apps', ...parts.context } }],
    clusters: [{ name: 'c', cluster: { server: 'https://h:6443', ...parts.cluster } }],
    users: [{ name: 'u', user: parts.user ?? {} }],
    ...parts.more,
  }
  await writeFile(file, stringify(config))
  return file
}

describe('a kubeconfig', () => {
  it('gives certificates from data', async () => {
    const file = await write({
      cluster: { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'name' },
      user: { 'client-certificate-data': base64('cert'), 'client-key-data': base64('key') },
    })
    expect(await loadKubeconfig(file)).toMatchObject({
      server: 'https://h:6443',
      certificateAuthority: 'CA',
      clientCertificate: 'cert',
      clientKey: 'key',
      tlsServerName: 'name',
      namespace: 'apps',
    })
  })

  it('gives files, relative to itself', async () => {
    const file = await write({ cluster: { 'certificate-authority': 'ca.crt' }, user: { tokenFile: 'token' } })
    const access = await loadKubeconfig(file)
    expect(access.certificateAuthority).toBe('CA from a file')
    expect(await access.bearerToken?.()).toBe('token from a file')
  })

  it('runs the plugin that a user names, and gives its token', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from the plugin' },
    }
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: '/bin/echo',
      args: [JSON.stringify(credential)],
      interactiveMode: 'Never',
    }
    const access = await loadKubeconfig(await write({ user: { exec } }))
    expect(await access.bearerToken?.()).toBe('from the plugin')
  })

  it('takes the context that is asked for', async () => {
    const contexts = [
      { name: 'here', context: { cluster: 'none', user: 'u' } },
      { name: 'there', context: { cluster: 'c', user: 'u', namespace: 'there' } },
    ]
    expect(await loadKubeconfig(await write({ more: { contexts } }), 'there')).toMatchObject({ namespace: 'there' })
  })

  it.each<[string, Parameters<typeof write>[0], RegExp]>([
    ['no current context', { more: { 'current-context': '' } }, /has no current-context: choose one with --context/],
    ['a context that is not there', { more: { 'current-context': 'x' } }, /has no context "x"/],
    ['a user that is not there', { context: { user: 'nobody' } }, /has no user "nobody"/],
    ['a cluster without a server', { cluster: { server: undefined } }, /cluster "c" has no server/],
    ['a password', { user: { username: 'me', password: 'pw' } }, /signs in by password/],
  ])('with %s is refused in words', async (_, parts, message) => {
    const loaded = loadKubeconfig(await write(parts))
    await expect(loaded).rejects.toThrow(KubeconfigError)
    await expect(loaded).rejects.toThrow(message)
  })

  it('that is not YAML, or not a map, is refused in words', async () => {
    const file = path.join(folder, 'broken')
    for (const text of ['{', '- a']) {
      await writeFile(file, text)
      await expect(loadKubeconfig(file)).rejects.toThrow(KubeconfigError)
    }
  })
})

describe('a pod', () => {
  it('has the access of its service account', async () => {
    const access = await inClusterAccess('fd00::1', '443', folder)
    expect(access).toMatchObject({
      server: 'https://[fd00::1]:443',
      certificateAuthority: 'CA from a file',
      namespace: 'komodo',
    })
    expect(await access.bearerToken?.()).toBe('token from a file')
  })
})
