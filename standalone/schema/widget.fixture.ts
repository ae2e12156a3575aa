/** A custom resource with one of everything, for tests. */
import type { JsonObject, TypeModel } from './contract.ts'
import { crdModels } from './crd.ts'

export const widgetSchema: JsonObject = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 10 },
        name: { type: 'string', maxLength: 5, pattern: '^[a-z]*$' },
        color: { type: 'string', enum: ['red', 'green'] },
        replicas: { type: 'integer', default: 3 },
        nick: { type: 'string', nullable: true, default: 'none' },
        port: { 'x-kubernetes-int-or-string': true },
        any: { 'x-kubernetes-preserve-unknown-fields': true },
        attrs: { type: 'object', additionalProperties: { type: 'string' } },
        fixed: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: { type: 'string' } },
        list: { type: 'array', maxItems: 2, items: { type: 'string' } },
        tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'proto'],
          items: {
            type: 'object',
            required: ['port'],
            properties: {
              port: { type: 'integer' },
              proto: { type: 'string', default: 'TCP' },
              note: { type: 'string' },
            },
          },
        },
        one: {
          type: 'object',
          oneOf: [{ required: ['a'] }, { required: ['b'] }],
          properties: { a: { type: 'string' }, b: { type: 'string' } },
        },
      },
    },
    status: { type: 'object', properties: { phase: { type: 'string' } } },
  },
}

export const widgetCrd = (schema: JsonObject = widgetSchema): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
    versions: [
      { name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: schema } },
    ],
  },
})

export const widgetModel = (schema?: JsonObject): TypeModel => crdModels(widgetCrd(schema)).get('v1') as TypeModel

export const widget = (spec: JsonObject, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name: 'a', namespace: 'n', ...metadata },
  spec,
})
