import type { JsonObject } from './kit/scenario.ts'

/** Something that kube-apiserver does and the standalone API does not, on purpose. */
export interface Gap {
  what: string
  why: string
  /** What a client would try; `NS` stands for the test's own namespace. A text for a body is sent as it is. */
  request: { method: 'GET' | 'POST'; path: string; body?: (group: string) => JsonObject | string; accept?: string }
  /** How the standalone API says no. */
  refusal: { status: number; message: RegExp }
}

const notServed = { status: 404, message: /^(the server could not find the requested resource|404 page not found)\n?$/ }

const noMachines = 'there are no nodes: containers run on Docker hosts, not in pods'
const noPlugins = 'the server runs nothing but itself and calls nobody'
const oneUser = 'clients are people and controllers of one machine: certificates and ServiceAccount tokens are enough'

const crd = (group: string, spec: JsonObject, version: JsonObject = {}): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `gaps.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'gaps', kind: 'Gap' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        ...version,
      },
    ],
    ...spec,
  },
})

const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** The one list of what is left out. Whatever is missing here must agree. */
export const gaps: readonly Gap[] = [
  { what: 'pods', why: noMachines, request: { method: 'GET', path: '/api/v1/namespaces/NS/pods' }, refusal: notServed },
  { what: 'services', why: noMachines, request: { method: 'GET', path: '/api/v1/services' }, refusal: notServed },
  { what: 'nodes', why: noMachines, request: { method: 'GET', path: '/api/v1/nodes' }, refusal: notServed },
  {
    what: 'deployments and their like',
    why: noMachines,
    request: { method: 'GET', path: '/apis/apps/v1/deployments' },
    refusal: notServed,
  },
  { what: 'jobs', why: noMachines, request: { method: 'GET', path: '/apis/batch/v1/jobs' }, refusal: notServed },
  {
    what: 'quotas',
    why: noMachines,
    request: { method: 'GET', path: '/api/v1/namespaces/NS/resourcequotas' },
    refusal: notServed,
  },
  {
    what: 'admission webhooks and policies',
    why: noPlugins,
    request: { method: 'GET', path: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations' },
    refusal: notServed,
  },
  {
    what: 'aggregated API servers',
    why: noPlugins,
    request: { method: 'GET', path: '/apis/apiregistration.k8s.io/v1/apiservices' },
    refusal: notServed,
  },
  {
    what: 'conversion webhooks',
    why: noPlugins,
    request: {
      method: 'POST',
      path: `${crds}?dryRun=All`,
      body: (group) =>
        crd(group, {
          conversion: {
            strategy: 'Webhook',
            webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://127.0.0.1/' } },
          },
        }),
    },
    refusal: {
      status: 422,
      message: /spec\.conversion\.strategy: Unsupported value: "Webhook": supported values: "None"/,
    },
  },
  {
    what: 'certificate signing requests',
    why: oneUser,
    request: { method: 'GET', path: '/apis/certificates.k8s.io/v1/certificatesigningrequests' },
    refusal: notServed,
  },
  {
    what: 'discovery documents for OpenID Connect',
    why: oneUser,
    request: { method: 'GET', path: '/openid/v1/jwks', accept: 'application/jwk-set+json' },
    refusal: notServed,
  },
  {
    what: 'answers in protobuf',
    why: 'every client reads JSON as well; protobuf would double what must agree',
    request: { method: 'GET', path: '/api/v1/namespaces/NS/configmaps', accept: 'application/vnd.kubernetes.protobuf' },
    refusal: {
      status: 406,
      message:
        /^406: Not Acceptable\n|^only the following media types are accepted: application\/json, application\/yaml/,
    },
  },
  {
    what: 'integers that no double holds exactly',
    why: 'objects are JSON values of this language, which would change such a number without a word',
    request: {
      method: 'POST',
      path: '/api/v1/namespaces/NS/configmaps?dryRun=All',
      body: () => '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"gap","generation":9007199254740993}}',
    },
    refusal: {
      status: 400,
      message: /metadata\.generation: the integer 9007199254740993 cannot be kept exactly; use a string/,
    },
  },
]

/** What a CRD may hold although it has no effect here: whoever writes it is warned. */
export const silentParts: readonly { what: string; version: JsonObject; warning: string }[] = [
  {
    what: 'rules in CEL, because a second interpreter of expressions is not worth its weight for the kinds at hand',
    version: {
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: {
            spec: {
              type: 'object',
              properties: { size: { type: 'integer' } },
              'x-kubernetes-validations': [{ rule: 'self.size < 5' }],
            },
          },
        },
      },
    },
    warning: '299 - "version \\"v1\\": x-kubernetes-validations are stored, but this server does not check them"',
  },
  {
    what: 'the scale subresource, because nothing here scales by count',
    version: {
      subresources: { scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
    },
    warning: '299 - "version \\"v1\\": the scale subresource is not served"',
  },
]

export const gapCrd = (group: string, version: JsonObject): JsonObject => crd(group, {}, version)
