import { explanation } from './v1alpha1/explain.ts'
import type { KindDefinition, PrinterColumn } from './v1alpha1/kind.ts'

/** The part of apiextensions.k8s.io/v1 JSONSchemaProps that our kinds use. */
export interface OpenApiSchema {
  type?: string
  description?: string
  default?: unknown
  enum?: readonly unknown[]
  format?: string
  pattern?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
  items?: OpenApiSchema
  properties?: Record<string, OpenApiSchema>
  required?: readonly string[]
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-list-type'?: string
  'x-kubernetes-list-map-keys'?: readonly string[]
  'x-kubernetes-validations'?: readonly { rule: string; message: string }[]
}

/** A CustomResourceDefinition as `kubectl apply` takes it. */
export interface CustomResourceDefinition {
  apiVersion: 'apiextensions.k8s.io/v1'
  kind: 'CustomResourceDefinition'
  metadata: { name: string; annotations?: Readonly<Record<string, string>> }
  spec: {
    group: string
    names: {
      kind: string
      listKind: string
      plural: string
      singular: string
      shortNames: readonly string[]
      categories: readonly string[]
    }
    scope: 'Namespaced'
    versions: readonly {
      name: string
      served: true
      storage: true
      additionalPrinterColumns: readonly CrdColumn[]
      schema: { openAPIV3Schema: OpenApiSchema }
      subresources: { status: Record<string, never> }
    }[]
  }
}

interface CrdColumn {
  name: string
  type: string
  jsonPath: string
  description?: string
  priority?: number
}

const scalarKeys = [
  'type',
  'description',
  'default',
  'enum',
  'format',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'maxItems',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
] as const

/** A typebox schema as a structural schema: TOML metadata dropped, defaults and examples told, fields with a default not required. */
export function structuralSchema(schema: OpenApiSchema): OpenApiSchema {
  const result: Record<string, unknown> = {}
  for (const key of scalarKeys) if (schema[key] !== undefined) result[key] = schema[key]
  if (schema.description !== undefined) result.description = explanation(schema)
  if (schema.items) result.items = structuralSchema(schema.items)
  if (schema.properties) {
    const properties: Record<string, OpenApiSchema> = {}
    for (const [name, property] of Object.entries(schema.properties)) properties[name] = structuralSchema(property)
    result.properties = properties
    const required = (schema.required ?? []).filter((name) => properties[name]?.default === undefined)
    if (required.length > 0) result.required = required
  }
  return result
}

/** The CRD of a kind. */
export function customResourceDefinition(kind: KindDefinition): CustomResourceDefinition {
  const spec = structuralSchema(kind.spec as OpenApiSchema)
  spec.description = 'What is wanted.'
  // Without required fields an object may leave `spec` out and still get all defaults.
  if (!spec.required) spec.default = {}
  if (kind.immutable) {
    spec['x-kubernetes-validations'] = [
      { rule: 'self == oldSelf', message: `The spec of a ${kind.kind} never changes; make a new one.` },
    ]
  }
  const status = structuralSchema(kind.status as OpenApiSchema)
  status.description = 'What is there; written by the controller alone.'
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${kind.plural}.${kind.group}`,
      ...(kind.annotations && { annotations: kind.annotations }),
    },
    spec: {
      group: kind.group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        shortNames: kind.shortNames,
        categories: kind.categories,
      },
      scope: 'Namespaced',
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          additionalPrinterColumns: kind.printerColumns.map(crdColumn),
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: kind.description,
              properties: {
                apiVersion: { type: 'string', description: 'Group and version of the kind.' },
                kind: { type: 'string', description: 'Name of the kind.' },
                metadata: { type: 'object' },
                spec,
                status,
              },
              required: ['spec'],
            },
          },
          subresources: { status: {} },
        },
      ],
    },
  }
}

function crdColumn({ name, type, jsonPath, description, wide }: PrinterColumn): CrdColumn {
  return { name, type, jsonPath, ...(description && { description }), ...(wide && { priority: 1 }) }
}
