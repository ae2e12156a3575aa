import type { Stack } from '../../api/v1alpha1/stack.ts'
import type { Pass } from '../../engine/reconciler.ts'
import type { ComposeReport } from '../../hosts/port.ts'
import type { Desired } from './look.ts'
import type { ServiceReport } from './services.ts'

/** What a deploy was made from and what it made, for later comparisons. */
export function recordDeployed(pass: Pass<Stack>, desired: Desired, { services }: ComposeReport): void {
  const { fields } = pass.status
  fields.services = services.map(({ name, image, replicas, configHash, restart }) => ({
    name,
    image,
    replicas,
    configHash,
    ...(restart === undefined ? {} : { restart }),
  }))
  fields.inputs = [...desired.inputs.deploy]
  if (desired.inputs.configs.length > 0) fields.configs = [...desired.inputs.configs]
  else delete fields.configs
  if (desired.tree === undefined) delete fields.revision
  else fields.revision = desired.tree.revision
  delete fields.configRecorded
}

/**
 * Compose's own hash of a service is taken from the containers it made, at the first look after the deploy: only that is sure to be
 * what `compose up` compares with.
 */
export function rememberConfigHashes(pass: Pass<Stack>, reports: readonly ServiceReport[], hash: string): void {
  const { fields } = pass.status
  if (fields.configRecorded === hash) return
  const seen = new Map(reports.map(({ name, configHash }) => [name, configHash]))
  for (const service of fields.services ?? []) {
    const configHash = seen.get(service.name)
    if (configHash === undefined) delete service.configHash
    else service.configHash = configHash
  }
  fields.configRecorded = hash
}
