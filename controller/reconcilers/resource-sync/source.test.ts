import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { annotation } from '../../api/names.ts'
import type { Repo } from '../../api/v1alpha1/repo.ts'
import type { ResourceSync } from '../../api/v1alpha1/resource-sync.ts'
import { ObjectStore } from '../../engine/object-store.ts'
import { openSource } from './source.ts'

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'komodo-syncs-'))
  mkdirSync(join(data, 'syncs/mine'), { recursive: true })
  writeFileSync(join(data, 'syncs/mine/a.toml'), '')
  mkdirSync(join(data, 'secret'))
  writeFileSync(join(data, 'secret/passwords.toml'), 'x = 1')
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

const open = (name: string) => {
  const sync = {
    metadata: { name: 'sync', namespace: 'default', annotations: { [annotation.name]: name } },
    spec: { filesOnHost: true, resourcePath: ['.'], operator: { secretFiles: [] } },
  } as unknown as ResourceSync
  const noGit = () => Promise.reject(new Error('no git here'))
  const git = { open: noGit, push: noGit }
  const access = { remoteOf: () => Promise.reject(new Error('no git here')), wake: () => () => {} }
  const client = undefined as never
  const deps = { client, git, access, repos: new ObjectStore<Repo>(), syncDirectory: join(data, 'syncs') }
  return openSource(sync, deps, new AbortController().signal, () => {})
}

describe('files on the host', () => {
  it("are those in the folder of the sync's name", async () => {
    const { files } = await (await open('mine')).files(new AbortController().signal)
    expect(files.map(({ path }) => path)).toEqual(['a.toml'])
  })

  it.each(['../secret', '..', '.', '', 'mine/../../secret', '/etc', 'a\0b'])(
    'attack: a sync called %j reads nothing outside',
    async (name) => {
      await expect(open(name)).rejects.toMatchObject({ name: 'StalledError', at: { reason: 'InvalidSource' } })
    },
  )
})
