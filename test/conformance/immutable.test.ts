import { conformance, type JsonObject } from './kit/scenario.ts'

const never = (message?: string) => [{ rule: 'self == oldSelf', ...(message === undefined ? {} : { message }) }]

/** Specs that never change, in part: the one CEL rule that the standalone API checks, too. */
const promise = conformance('immutable', {
  crds: (group) => [
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `stones.${group}` },
      spec: {
        group,
        names: { kind: 'Stone', listKind: 'StoneList', plural: 'stones', singular: 'stone' },
        scope: 'Namespaced',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            subresources: { status: {} },
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  spec: {
                    type: 'object',
                    properties: {
                      carved: {
                        type: 'object',
                        properties: { words: { type: 'string' }, lines: { type: 'array', items: { type: 'string' } } },
                        'x-kubernetes-validations': never('what is carved never changes'),
                      },
                      weight: { type: 'integer', 'x-kubernetes-validations': never() },
                      colour: { type: 'string', 'x-kubernetes-validations': never('painted once') },
                      place: { type: 'string' },
                    },
                  },
                  status: { type: 'object', properties: { seen: { type: 'integer' } } },
                },
              },
            },
          },
        ],
      },
    },
  ],
})

const stone = (group: string, spec: JsonObject): JsonObject => ({
  apiVersion: `${group}/v1`,
  kind: 'Stone',
  metadata: { name: 'a' },
  spec,
})

promise('What never changes may be set once and is refused after that', async ({ send, patch, custom, group }) => {
  const url = `${custom}/stones/a`
  await send(
    'POST',
    `${custom}/stones`,
    stone(group, { carved: { words: 'x', lines: ['1'] }, weight: 3, place: 'here' }),
  )
  await patch('merge', url, { spec: { place: 'there' } })
  await patch('merge', url, { spec: { carved: { words: 'y' } } })
  await patch('merge', url, { spec: { carved: { lines: ['1', '2'] } } })
  await patch('merge', url, { spec: { weight: 4 } })
  await patch('merge', url, { spec: { colour: 'red' } })
  await patch('merge', url, { spec: { colour: 'blue' } })
  await patch('merge', url, { spec: { weight: null } })
  await patch('merge', url, { spec: { weight: 5 } })
  await patch('merge', `${url}/status`, { status: { seen: 1 } })
})
