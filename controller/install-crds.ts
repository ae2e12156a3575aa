import { hash } from 'node:crypto'
import { customResourceDefinition, type CustomResourceDefinition as Definition } from './api/crd.ts'
import { kinds } from './api/v1alpha1/kinds.ts'
import type { Clock } from './engine/clock.ts'
import { pause } from './engine/clock.ts'
import type { Logger } from './engine/logger.ts'
import type { CustomResourceDefinition } from './kube/builtin-types.ts'
import { crdType } from './kube/builtin-types.ts'
import type { KubeClient } from './kube/client.ts'
import { getOrUndefined } from './kube/client.ts'

/** Of the definition that was installed: an unchanged one is not sent again. */
const DIGEST_ANNOTATION = 'komodo.dev/crd-digest'
const FIELD_MANAGER = 'komodo-installer'
const ESTABLISHED_WITHIN_MS = 10_000

/**
 * As in `crds/`, which is for a cluster, where installing them is the chart's work. Made from the kinds, as those files are: to parse them
 * would be a fifth of a first start.
 */
export const definitionsOfKinds = (): Definition[] => kinds.map(customResourceDefinition)

/** Installs or updates definitions, and waits until the API serves them. */
export const installCrds = async (
  client: KubeClient,
  definitions: readonly Definition[],
  { clock, logger, signal }: { clock: Clock; logger: Logger; signal: AbortSignal },
): Promise<void> => {
  await Promise.all(
    definitions.map(async (definition) => {
      const { name } = definition.metadata
      const digest = hash('sha256', JSON.stringify(definition)).slice(0, 16)
      const live = await getOrUndefined<CustomResourceDefinition>(client, crdType, { name }, signal)
      if (live?.metadata.annotations?.[DIGEST_ANNOTATION] !== digest) {
        const annotations = { ...definition.metadata.annotations, [DIGEST_ANNOTATION]: digest }
        await put(client, { ...definition, metadata: { ...definition.metadata, annotations } }, live, signal)
        logger.info({ crd: name }, live === undefined ? 'installed a kind' : 'updated a kind')
      }
      await established(client, name, clock, signal)
    }),
  )
}

/** Replaced whole: this process is the only one that has a say in its own definitions. */
const put = async (
  client: KubeClient,
  definition: Definition,
  live: CustomResourceDefinition | undefined,
  signal: AbortSignal,
): Promise<void> => {
  const options = { fieldManager: FIELD_MANAGER, signal }
  if (live === undefined) {
    await client.create(crdType, definition, options)
    return
  }
  const { labels, resourceVersion } = live.metadata
  const metadata = { ...definition.metadata, labels, resourceVersion }
  await client.update(crdType, { ...definition, metadata }, options)
}

const established = async (client: KubeClient, name: string, clock: Clock, signal: AbortSignal): Promise<void> => {
  const giveUpAt = clock.now() + ESTABLISHED_WITHIN_MS
  for (;;) {
    const { status } = await client.get<CustomResourceDefinition>(crdType, { name }, { signal })
    if (status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True') === true)
      return
    if (clock.now() > giveUpAt) {
      const refused = status?.conditions?.find((condition) => condition.status === 'False')
      throw new Error(`the API does not serve ${name}: ${refused?.message ?? 'it is not established yet'}`)
    }
    await pause(clock, 20, signal)
    signal.throwIfAborted()
  }
}
