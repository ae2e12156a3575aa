import type { TSchema } from 'typebox'
import type { ObjectMeta } from '../../controller/api/meta.ts'
import { apiVersionOf } from '../../controller/api/meta.ts'
import { annotation } from '../../controller/api/names.ts'
import { withDefaults } from '../../controller/api/shape.ts'
import { type Deployment, type DeploymentSpec, deploymentKind } from '../../controller/api/v1alpha1/deployment.ts'
import type { KindDefinition } from '../../controller/api/v1alpha1/kind.ts'
import { type Repo, type RepoSpec, repoKind } from '../../controller/api/v1alpha1/repo.ts'
import { type Server, type ServerSpec, serverKind } from '../../controller/api/v1alpha1/server.ts'
import { type Stack, type StackSpec, stackKind } from '../../controller/api/v1alpha1/stack.ts'
import { type Variable, type VariableSpec, variableKind } from '../../controller/api/v1alpha1/variable.ts'
import type { Secret } from '../../controller/kube/builtin-types.ts'

/** Objects as the API server gives them out: defaults filled in, with a uid and versions. A case shows only what differs. */

export const NAMESPACE = 'default'

/** Any part of a spec; nested tables are filled up with their defaults. */
type Partly<T> = {
  [Key in keyof T]?: T[Key] extends readonly unknown[] ? T[Key] : T[Key] extends object ? Partly<T[Key]> : T[Key]
}

let serial = 0

function metadataOf(name: string, meta: Partial<ObjectMeta>): ObjectMeta {
  serial++
  return {
    name,
    namespace: NAMESPACE,
    uid: `uid-${serial}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: new Date(Date.UTC(2026, 0, 1) + serial * 1000).toISOString(),
    ...meta,
  }
}

const filled = <Spec>(kind: KindDefinition, spec: unknown): Spec =>
  withDefaults(structuredClone(spec), kind.spec as TSchema) as Spec

export const server = (name: string, spec: Partly<ServerSpec> = {}, meta: Partial<ObjectMeta> = {}): Server => ({
  apiVersion: apiVersionOf(serverKind),
  kind: 'Server',
  metadata: metadataOf(name, meta),
  spec: filled(serverKind, { address: 'local', enabled: true, ...spec }),
})

export const deployment = (
  name: string,
  { image = 'nginx:1.27', ...spec }: Omit<Partly<DeploymentSpec>, 'image'> & { image?: string } = {},
  meta: Partial<ObjectMeta> = {},
): Deployment => ({
  apiVersion: apiVersionOf(deploymentKind),
  kind: 'Deployment',
  metadata: metadataOf(name, meta),
  spec: filled(deploymentKind, { server: 'local', deploy: true, ...spec, image: { type: 'Image', params: { image } } }),
})

export const stack = (name: string, spec: Partly<StackSpec> = {}, meta: Partial<ObjectMeta> = {}): Stack => ({
  apiVersion: apiVersionOf(stackKind),
  kind: 'Stack',
  metadata: metadataOf(name, meta),
  spec: filled(stackKind, { server: 'local', deploy: true, fileContents: composeFile({ web: {} }), ...spec }),
})

export const repo = (name: string, spec: Partly<RepoSpec> = {}, meta: Partial<ObjectMeta> = {}): Repo => ({
  apiVersion: apiVersionOf(repoKind),
  kind: 'Repo',
  metadata: metadataOf(name, meta),
  spec: filled(repoKind, { repo: `acme/${name}`, ...spec }),
})

export const variable = (
  name: string,
  spec: Partly<VariableSpec> | string,
  meta: Partial<ObjectMeta> = {},
): Variable => ({
  apiVersion: apiVersionOf(variableKind),
  kind: 'Variable',
  metadata: metadataOf(name.toLowerCase().replaceAll('_', '-'), { annotations: { [annotation.name]: name }, ...meta }),
  spec: filled(variableKind, typeof spec === 'string' ? { value: spec } : spec),
})

export const secret = (name: string, values: Readonly<Record<string, string>>, type = 'Opaque'): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: metadataOf(name, {}),
  spec: undefined,
  type,
  data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
})

/** A compose file as JSON, which is YAML, too. */
export const composeFile = (services: Readonly<Record<string, Readonly<Record<string, unknown>>>>): string =>
  `${JSON.stringify({ services: Object.fromEntries(Object.entries(services).map(([name, service]) => [name, { image: `${name}:1`, ...service }])) })}\n`
