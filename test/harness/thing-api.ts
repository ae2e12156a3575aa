import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { CustomResourceDefinition } from '../../controller/api/crd.ts'
import type { CommonStatus, KubeObject, ResourceType } from '../../controller/api/meta.ts'
import { systemClock } from '../../controller/engine/clock.ts'
import { silentLogger } from '../../controller/engine/logger.ts'
import { installCrds } from '../../controller/install-crds.ts'
import type { KubeClient } from '../../controller/kube/client.ts'
import { createHttpsTransport } from '../../controller/kube/https-transport.ts'
import { createInProcessTransport } from '../../controller/kube/in-process-transport.ts'
import { loadKubeconfig } from '../../controller/kube/kubeconfig.ts'
import { createKubeClient } from '../../controller/kube/rest-client.ts'
import type { Transport, TransportRequest } from '../../controller/kube/transport.ts'
import { startApiServer } from '../../standalone/server.ts'

/** A kind of its own for tests of the engine. */
export const thingType: ResourceType = {
  group: 'test.komodo.dev',
  version: 'v1',
  kind: 'Thing',
  plural: 'things',
  namespaced: true,
}

const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

const thingDefinition: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.test.komodo.dev' },
  spec: {
    group: thingType.group,
    names: {
      kind: 'Thing',
      plural: thingType.plural,
      singular: 'thing',
      listKind: 'ThingList',
      shortNames: [],
      categories: [],
    },
    scope: 'Namespaced',
    versions: [
      {
        name: thingType.version,
        served: true,
        storage: true,
        additionalPrinterColumns: [],
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
        subresources: { status: {} },
      },
    ],
  },
}

export interface ThingSpec {
  value?: string
  operator?: { suspend?: boolean }
}

export type Thing = KubeObject<ThingSpec, CommonStatus & { seen?: string; details?: { secret?: string }[] }>

export const thing = (name: string, spec: ThingSpec = {}, metadata: Partial<Thing['metadata']> = {}): Thing => ({
  apiVersion: 'test.komodo.dev/v1',
  kind: 'Thing',
  metadata: { namespace: 'default', name, ...metadata },
  spec,
})

export interface ThingApi {
  client: KubeClient
  /** A client over a transport made of the plain one. */
  clientOver(wrap: (transport: Transport) => Transport): KubeClient
  transport: Transport
  /** As kubectl would come, by the kubeconfig; only when it listens. */
  clientOverTls(): Promise<KubeClient>
  close(): Promise<void>
}

/** The real standalone API, in process, that serves Things (or other kinds) in the namespace `default`. */
export const startThingApi = async ({ listen = false, definitions = [thingDefinition] } = {}): Promise<ThingApi> => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'komodo-things-'))
  const server = await startApiServer({ dataDir, listen: listen ? { host: '127.0.0.1', port: 0 } : undefined })
  const opened: Transport[] = []
  const transport = createInProcessTransport(server.handler, server.adminUser)
  const clientOver = (wrap: (transport: Transport) => Transport): KubeClient =>
    createKubeClient({ transport: wrap(transport), userAgent: 'komodo-test' })
  const client = clientOver((plain) => plain)
  const namespace = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false }
  await client
    .create(namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' }, spec: {} })
    .catch(() => {})
  const signal = new AbortController().signal
  await installCrds(client, definitions, { clock: systemClock, logger: silentLogger, signal })
  return {
    client,
    clientOver,
    transport,
    clientOverTls: async () => {
      if (server.kubeconfigPath === undefined) throw new Error('the API does not listen')
      const overTls = createHttpsTransport(await loadKubeconfig(server.kubeconfigPath))
      opened.push(overTls)
      return createKubeClient({ transport: overTls, userAgent: 'komodo-test' })
    },
    close: async () => {
      for (const each of [transport, ...opened]) await each.close()
      await server.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Remembers the requests that change something, as `METHOD path body`. */
export const recordingWrites = (transport: Transport, writes: TransportRequest[]): Transport => ({
  ...transport,
  request: (request) => {
    if (request.method !== 'GET') writes.push(request)
    return transport.request(request)
  },
})
