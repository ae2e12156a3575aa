import type { JsonObject } from './scenario.ts'

/** `kind` keeps apart what kubectl finds by kind alone. A CRD that uses what custom resources have: defaults, every merge shape, status and scale-free subresources, columns, two versions. */
export const widgetCrd = (group: string, kind = 'Widget', plural = `${kind.toLowerCase()}s`): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: {
      plural,
      singular: kind.toLowerCase(),
      kind,
      listKind: `${kind}List`,
      shortNames: [`wg${group.slice(0, 6)}`],
      categories: [`cat${group.slice(0, 6)}`],
    },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: widgetSchema },
        subresources: { status: {} },
        selectableFields: [{ jsonPath: '.spec.color' }],
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size', description: 'How big it is' },
          { name: 'Color', type: 'string', jsonPath: '.spec.color' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: 'Port', type: 'integer', jsonPath: '.spec.ports[*].port', priority: 1 },
          { name: 'Due', type: 'date', jsonPath: '.spec.due', priority: 1 },
          { name: 'Labels', type: 'string', jsonPath: '.metadata.labels', priority: 1 },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
      },
      {
        name: 'v1beta1',
        served: true,
        storage: false,
        deprecated: true,
        schema: { openAPIV3Schema: { ...widgetSchema, description: 'A widget of old.' } },
        subresources: { status: {} },
      },
    ],
  },
})

const widgetSchema = {
  type: 'object',
  description: 'A widget.',
  properties: {
    spec: {
      type: 'object',
      description: 'What the widget should be.',
      properties: {
        size: { type: 'integer', description: 'How big it is.', minimum: 0, maximum: 100 },
        color: { type: 'string', enum: ['red', 'green', 'blue'], description: 'Its color.' },
        name: { type: 'string', maxLength: 5, pattern: '^[a-zäöü]*$' },
        replicas: { type: 'integer', default: 1 },
        ratio: { type: 'number' },
        on: { type: 'boolean' },
        due: { type: 'string', format: 'date-time' },
        nick: { type: 'string', nullable: true, default: 'none' },
        any: { 'x-kubernetes-preserve-unknown-fields': true },
        port: { 'x-kubernetes-int-or-string': true },
        attrs: { type: 'object', additionalProperties: { type: 'string' } },
        fixed: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: { type: 'string' } },
        list: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'string' } },
        tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        ports: {
          type: 'array',
          description: 'Where it listens.',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'proto'],
          items: {
            type: 'object',
            required: ['port'],
            properties: {
              port: { type: 'integer' },
              proto: { type: 'string', default: 'TCP' },
              name: { type: 'string' },
              more: { type: 'object', additionalProperties: { type: 'string' } },
            },
          },
        },
        nested: {
          type: 'object',
          required: ['must'],
          properties: {
            must: { type: 'string' },
            deep: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string', default: 'bee' } } },
          },
        },
        one: {
          type: 'object',
          oneOf: [{ required: ['a'] }, { required: ['b'] }],
          properties: { a: { type: 'string' }, b: { type: 'string' } },
        },
      },
    },
    status: {
      type: 'object',
      properties: {
        phase: { type: 'string' },
        observedGeneration: { type: 'integer' },
        conditions: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['type'],
          items: {
            type: 'object',
            required: ['type', 'status'],
            properties: {
              type: { type: 'string' },
              status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
              reason: { type: 'string' },
              message: { type: 'string' },
            },
          },
        },
      },
    },
  },
}
