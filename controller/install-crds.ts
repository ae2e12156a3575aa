import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from './engine/clock.ts'
import { pause } from './engine/clock.ts'
import type { Logger } from './engine/logger.ts'
import type { CustomResourceDefinition } from './kube/builtin-types.ts'
import { crdType } from './kube/builtin-types.ts'
import type { KubeClient } from './kube/client.ts'
import { getOrUndefined } from './kube/client.ts'

/** Of the file a definition was installed from: an unchanged one is neither parsed nor sent again. */
const DIGEST_ANNOTATION = 'komodo.dev/crd-digest'
const FIELD_MANAGER = 'komodo-installer'
const ESTABLISHED_WITHIN_MS = 10_000

/** Installs or updates the definitions in a folder, and waits until the API serves them. On a cluster that is the chart's work. */
export const installCrds = async (
  client: KubeClient,
  folder: string,
  { clock, logger, signal }: { clock: Clock; logger: Logger; signal: AbortSignal },
): Promise<void> => {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort()
  await Promise.all(
    files.map(async (file) => {
      const text = await readFile(path.join(folder, file), 'utf8')
      const name = /^ {2}name: (\S+)$/m.exec(text)?.[1]
      if (name === undefined) throw new Error(`${path.join(folder, file)} is not a custom resource definition`)
      const digest = createHash('sha256').update(text).digest('hex').slice(0, 16)
      const live = await getOrUndefined<CustomResourceDefinition>(client, crdType, { name }, signal)
      if (live?.metadata.annotations?.[DIGEST_ANNOTATION] !== digest) {
        const { parse } = await import('yaml')
        const definition = parse(text) as CustomResourceDefinition
        definition.metadata.annotations = { ...definition.metadata.annotations, [DIGEST_ANNOTATION]: digest }
        await put(client, definition, live, signal)
        logger.info({ crd: name }, live === undefined ? 'installed a kind' : 'updated a kind')
      }
      await established(client, name, clock, signal)
    }),
  )
}

/** Replaced whole: this process is the only one that has a say in its own definitions. */
const put = async (
  client: KubeClient,
  definition: CustomResourceDefinition,
  live: CustomResourceDefinition | undefined,
  signal: AbortSignal,
): Promise<void> => {
  const options = { fieldManager: FIELD_MANAGER, signal }
  if (live === undefined) {
    await client.create(crdType, definition, options)
    return
  }
  const { labels, resourceVersion } = live.metadata
  const metadata = { ...definition.metadata, labels: { ...labels, ...definition.metadata.labels }, resourceVersion }
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
