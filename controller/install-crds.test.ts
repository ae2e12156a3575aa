import { afterEach, expect, it } from 'vitest'
import { recordingWrites, startThingApi, type ThingApi } from '../test/harness/thing-api.ts'
import { type CustomResourceDefinition, customResourceDefinition } from './api/crd.ts'
import { type ResourceSync, resourceSyncKind } from './api/v1alpha1/resource-sync.ts'
import { systemClock } from './engine/clock.ts'
import { definitionsOfKinds, installCrds } from './install-crds.ts'
import { crdType } from './kube/builtin-types.ts'
import type { KubeClient } from './kube/client.ts'
import type { TransportRequest } from './kube/transport.ts'

let api: ThingApi
let lines: string[]
afterEach(() => api.close())

const note = (fields: object, message: string): void => void lines.push(`${message}: ${JSON.stringify(fields)}`)
const install = (client: KubeClient, definitions: readonly CustomResourceDefinition[]): Promise<void> => {
  lines = []
  const logger = { debug: note, info: note, warn: note, error: note }
  return installCrds(client, definitions, { clock: systemClock, logger, signal: new AbortController().signal })
}

/** As a release had it that did not yet know `status.filesDigest`. */
const older = (): CustomResourceDefinition => {
  const definition = structuredClone(customResourceDefinition(resourceSyncKind))
  delete definition.spec.versions[0]?.schema.openAPIV3Schema.properties?.status?.properties?.filesDigest
  return definition
}

const key = { namespace: 'default', name: 'mine' }
const withStatus = (client: KubeClient) =>
  client.patch<ResourceSync>(
    resourceSyncKind,
    key,
    { type: 'merge', body: { status: { revision: 'r1', filesDigest: 'sha256:1' } } },
    { subresource: 'status' },
  )

it('an installation of an older release learns the new fields, and keeps its objects and what was put on its kinds', async () => {
  api = await startThingApi({ definitions: [older()] })
  const { client } = api
  await client.create(resourceSyncKind, {
    apiVersion: 'komodo.dev/v1alpha1',
    kind: 'ResourceSync',
    metadata: key,
    spec: { fileContents: '# nothing yet' },
  })
  expect((await withStatus(client)).status).toEqual({ revision: 'r1' })
  const { name } = older().metadata
  const labels = { team: 'a' }
  await client.patch(crdType, { name }, { type: 'merge', body: { metadata: { labels } } })

  await install(client, [customResourceDefinition(resourceSyncKind)])
  expect(lines).toEqual([`updated a kind: {"crd":"${name}"}`])
  expect(await withStatus(client)).toMatchObject({
    spec: { fileContents: '# nothing yet' },
    status: { revision: 'r1', filesDigest: 'sha256:1' },
  })
  expect((await client.get(crdType, { name })).metadata.labels).toEqual(labels)
})

it('a start that finds its own kinds installed writes nothing', async () => {
  api = await startThingApi({ definitions: definitionsOfKinds() })
  const writes: TransportRequest[] = []
  await install(
    api.clientOver((plain) => recordingWrites(plain, writes)),
    definitionsOfKinds(),
  )
  expect(writes).toEqual([])
  expect(lines).toEqual([])
})
