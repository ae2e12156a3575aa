/** CustomResourceDefinitions. */
import type { Json, JsonObject } from '../schema/contract.ts'
import { crdFaults, crdUpdateFaults } from '../schema/crd-faults.ts'
import { isObject } from '../schema/go.ts'
import { dns1123Subdomain } from '../schema/names.ts'
import { metaOf } from '../schema/prepare.ts'
import {
  bool,
  bytes,
  either,
  float64,
  type GoStruct,
  int32,
  int64,
  json,
  lazy,
  list,
  map,
  needed,
  optional,
  pointer,
  string,
  struct,
  time,
} from './go-type.ts'
import { type BuiltinKind, kindStruct } from './model.ts'

const V1 = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'
const atomic = { listType: 'atomic' } as const
const schemaRef = lazy((): GoStruct => jsonSchemaProps)
const schemas = list(schemaRef, atomic)
const schemaMap = map(schemaRef)

const validationRule = struct(`${V1}.ValidationRule`, 'ValidationRule is a check written in CEL.', {
  rule: needed(string, 'The expression; it must be true.'),
  message: optional(string, 'What to say when it is not.'),
  messageExpression: optional(string, 'An expression that makes the message.'),
  reason: pointer(string, 'Reason of the error.'),
  fieldPath: optional(string, 'Field that the error is reported for.'),
  optionalOldSelf: pointer(bool, 'Whether the rule also runs when there is no old value.'),
})

const jsonSchemaProps: GoStruct = struct(
  `${V1}.JSONSchemaProps`,
  'JSONSchemaProps is a JSON schema (draft 4) with the extensions of Kubernetes.',
  {
    id: optional(string, 'Not supported.'),
    $schema: optional(string, 'Not used.'),
    $ref: pointer(string, 'Not supported.'),
    description: optional(string, 'What the value is for.'),
    type: optional(string, 'object, array, string, integer, number or boolean.'),
    format: optional(string, 'A closer description of a string or number; known formats are checked.'),
    title: optional(string, 'A short title.'),
    default: pointer(json, 'Value that is filled in where there is none.'),
    maximum: pointer(float64, 'Largest number.'),
    exclusiveMaximum: optional(bool, 'Whether the maximum itself is too large.'),
    minimum: pointer(float64, 'Smallest number.'),
    exclusiveMinimum: optional(bool, 'Whether the minimum itself is too small.'),
    maxLength: pointer(int64, 'Largest number of characters.'),
    minLength: pointer(int64, 'Smallest number of characters.'),
    pattern: optional(string, 'Regular expression that must match.'),
    maxItems: pointer(int64, 'Largest number of items.'),
    minItems: pointer(int64, 'Smallest number of items.'),
    uniqueItems: optional(bool, 'Not supported.'),
    multipleOf: pointer(float64, 'The number must be a multiple of this.'),
    enum: optional(list(json, atomic), 'Allowed values.'),
    maxProperties: pointer(int64, 'Largest number of keys.'),
    minProperties: pointer(int64, 'Smallest number of keys.'),
    required: optional(list(string, atomic), 'Keys that must be there.'),
    items: pointer(either(schemaRef, { list: schemas }), 'Schema of the items.'),
    allOf: optional(schemas, 'All must hold.'),
    oneOf: optional(schemas, 'Exactly one must hold.'),
    anyOf: optional(schemas, 'At least one must hold.'),
    not: pointer(schemaRef, 'Must not hold.'),
    properties: optional(schemaMap, 'Schemas by key.'),
    additionalProperties: pointer(either(schemaRef, { bool: true }), 'Schema of the other keys.'),
    patternProperties: optional(schemaMap, 'Not supported.'),
    dependencies: optional(map(either(schemaRef, { list: list(string) })), 'Not supported.'),
    additionalItems: pointer(either(schemaRef, { bool: true }), 'Not supported.'),
    definitions: optional(schemaMap, 'Not supported.'),
    externalDocs: pointer(
      struct(`${V1}.ExternalDocumentation`, 'ExternalDocumentation points to more documentation.', {
        description: optional(string, 'What is there.'),
        url: optional(string, 'Where it is.'),
      }),
      'More documentation.',
    ),
    example: pointer(json, 'An example.'),
    nullable: optional(bool, 'Whether the value may be null.'),
    'x-kubernetes-preserve-unknown-fields': pointer(bool, 'Whether undeclared fields are kept.'),
    'x-kubernetes-embedded-resource': optional(bool, 'Whether the value is a whole object with metadata.'),
    'x-kubernetes-int-or-string': optional(bool, 'Whether the value is an integer or a string.'),
    'x-kubernetes-list-map-keys': optional(list(string, atomic), 'Keys that identify items of a map list.'),
    'x-kubernetes-list-type': pointer(string, 'atomic, set or map.'),
    'x-kubernetes-map-type': pointer(string, 'granular or atomic.'),
    'x-kubernetes-validations': optional(
      list(validationRule, { listType: 'map', keys: ['rule'], patchMergeKey: 'rule' }),
      'Checks in CEL. This server keeps them but does not run them.',
    ),
  },
)

const names = struct(
  `${V1}.CustomResourceDefinitionNames`,
  'CustomResourceDefinitionNames are the names that a kind is served under.',
  {
    plural: needed(string, 'Name in paths: lower case, plural.'),
    singular: optional(string, 'Singular name for the command line.'),
    shortNames: optional(list(string, atomic), 'Short names for the command line.'),
    kind: needed(string, 'Kind, in CamelCase.'),
    listKind: optional(string, 'Kind of lists.'),
    categories: optional(list(string, atomic), 'Groups of resources for the command line, such as all.'),
  },
)

const subresources = struct(
  `${V1}.CustomResourceSubresources`,
  'CustomResourceSubresources are the paths below an object.',
  {
    status: pointer(
      struct(
        `${V1}.CustomResourceSubresourceStatus`,
        'CustomResourceSubresourceStatus: status is written through its own path.',
        {},
      ),
      'Present: status is written through its own path.',
    ),
    scale: pointer(
      struct(`${V1}.CustomResourceSubresourceScale`, 'CustomResourceSubresourceScale says where replicas are.', {
        specReplicasPath: needed(string, 'Path of the wanted number.'),
        statusReplicasPath: needed(string, 'Path of the observed number.'),
        labelSelectorPath: pointer(string, 'Path of the selector.'),
      }),
      'Where replicas are.',
    ),
  },
)

const printerColumn = struct(
  `${V1}.CustomResourceColumnDefinition`,
  'CustomResourceColumnDefinition is a column of kubectl get.',
  {
    name: needed(string, 'Heading.'),
    type: needed(string, 'string, integer, number, boolean or date.'),
    format: optional(string, 'A closer description; "name" marks the identifier.'),
    description: optional(string, 'What the column shows.'),
    priority: optional(int32, '0: always shown; more: with -o wide.'),
    jsonPath: needed(string, 'Where the value is.'),
  },
)

const version = struct(
  `${V1}.CustomResourceDefinitionVersion`,
  'CustomResourceDefinitionVersion is one version of a kind.',
  {
    name: needed(string, 'Name, such as v1.'),
    served: needed(bool, 'Whether the version is served.'),
    storage: needed(bool, 'Whether objects are stored in it; true for exactly one.'),
    deprecated: optional(bool, 'Whether requests get a warning.'),
    deprecationWarning: pointer(string, 'The warning.'),
    schema: pointer(
      struct(`${V1}.CustomResourceValidation`, 'CustomResourceValidation holds the schema.', {
        openAPIV3Schema: pointer(schemaRef, 'The schema of an object.'),
      }),
      'What objects look like.',
    ),
    subresources: pointer(subresources, 'Paths below an object.'),
    additionalPrinterColumns: optional(list(printerColumn, atomic), 'Columns of kubectl get; Age unless told.'),
    selectableFields: optional(
      list(
        struct(`${V1}.SelectableField`, 'SelectableField is a field for field selectors.', {
          jsonPath: needed(string, 'Path of a scalar.'),
        }),
        atomic,
      ),
      'Fields for field selectors.',
    ),
  },
)

const webhook = struct(
  `${V1}.WebhookConversion`,
  'WebhookConversion calls a service to convert between versions. Not supported here.',
  {
    clientConfig: pointer(
      struct(`${V1}.WebhookClientConfig`, 'WebhookClientConfig says how to call it.', {
        url: pointer(string, 'URL of the service.'),
        service: pointer(
          struct(`${V1}.ServiceReference`, 'ServiceReference names a service.', {
            namespace: needed(string, 'Namespace.'),
            name: needed(string, 'Name.'),
            path: pointer(string, 'Path.'),
            port: pointer(int32, 'Port.'),
          }),
          'The service.',
        ),
        caBundle: optional(bytes, 'Certificates to trust.'),
      }),
      'How to call it.',
    ),
    conversionReviewVersions: needed(list(string, atomic), 'Versions that it understands.'),
  },
)

const spec = struct(`${V1}.CustomResourceDefinitionSpec`, 'CustomResourceDefinitionSpec says what is served and how.', {
  group: needed(string, 'API group.'),
  names: needed(names, 'Names of the kind.'),
  scope: needed(string, 'Namespaced or Cluster.'),
  versions: needed(list(version, atomic), 'Versions of the kind.'),
  conversion: pointer(
    struct(`${V1}.CustomResourceConversion`, 'CustomResourceConversion says how versions are converted.', {
      strategy: needed(string, 'None: only apiVersion changes.'),
      webhook: pointer(webhook, 'Not supported here.'),
    }),
    'How versions are converted.',
  ),
  preserveUnknownFields: optional(bool, 'Must be false.'),
})

const status = struct(`${V1}.CustomResourceDefinitionStatus`, 'CustomResourceDefinitionStatus says how it is served.', {
  conditions: optional(
    list(
      struct(
        `${V1}.CustomResourceDefinitionCondition`,
        'CustomResourceDefinitionCondition is one aspect of the state.',
        {
          type: needed(string, 'NamesAccepted, Established or Terminating.'),
          status: needed(string, 'True, False or Unknown.'),
          lastTransitionTime: optional(time, 'When the status changed last.', { always: true }),
          reason: optional(string, 'Cause of the last change.'),
          message: optional(string, 'The same for humans.'),
        },
      ),
      { listType: 'map', keys: ['type'] },
    ),
    'Aspects of the state.',
    { always: true },
  ),
  acceptedNames: optional(names, 'Names that are really served.', { always: true }),
  storedVersions: optional(list(string, atomic), 'Versions that objects may be stored in.', { always: true }),
})

const part = (object: JsonObject, key: string): JsonObject => (isObject(object[key]) ? object[key] : {})
const storageVersion = (object: JsonObject): string | undefined => {
  const { versions } = part(object, 'spec')
  const found = (Array.isArray(versions) ? versions : []).find((item) => isObject(item) && item.storage === true)
  return isObject(found) && typeof found.name === 'string' ? found.name : undefined
}

const addStored = (object: JsonObject): void => {
  const name = storageVersion(object)
  const current = part(object, 'status')
  const stored = Array.isArray(current.storedVersions) ? current.storedVersions : []
  if (name !== undefined && !stored.includes(name)) object.status = { ...current, storedVersions: [...stored, name] }
}

const emptyStatus = (): JsonObject => ({
  conditions: null,
  acceptedNames: { plural: '', kind: '' },
  storedVersions: null,
})

export const customResourceDefinition: BuiltinKind = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  namespaced: false,
  hasStatus: true,
  hasGeneration: true,
  updateChecksAll: false,
  anyFinalizer: true,
  checkName: dns1123Subdomain,
  type: kindStruct(`${V1}.CustomResourceDefinition`, 'CustomResourceDefinition adds a kind of object to the API.', {
    spec: needed(spec, 'What is served and how.'),
    status: optional(status, 'How it is served.'),
  }),
  defaults(object) {
    const wanted = part(object, 'spec')
    const given = part(wanted, 'names')
    const kind = typeof given.kind === 'string' ? given.kind : ''
    if (!given.singular && kind) given.singular = kind.toLowerCase()
    if (!given.listKind && kind) given.listKind = `${kind}List`
    if (wanted.conversion === undefined && isObject(object.spec)) wanted.conversion = { strategy: 'None' }
    const current = part(object, 'status')
    const stored = storageVersion(object)
    if (stored !== undefined && !(Array.isArray(current.storedVersions) && current.storedVersions.length))
      object.status = { ...emptyStatus(), ...current, storedVersions: [stored] }
  },
  prepareForCreate(object) {
    object.status = emptyStatus()
    addStored(object)
  },
  prepareForUpdate(object, old, subresource) {
    if (subresource === 'status') object.spec = old.spec as Json
    else addStored(object)
  },
  validate: (object) => [...nameFault(object), ...crdFaults(object)],
  validateUpdate: (object, old, subresource) =>
    subresource === 'status' ? [] : [...crdFaults(object), ...crdUpdateFaults(object, old)],
}

const nameFault = (object: JsonObject): ReturnType<typeof crdFaults> => {
  const wanted = part(object, 'spec')
  const expected = `${String(part(wanted, 'names').plural ?? '')}.${String(wanted.group ?? '')}`
  const name = String(metaOf(object).name ?? '')
  if (!name || name === expected) return []
  return [
    {
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(name)}: must be spec.names.plural+"."+spec.group`,
      field: 'metadata.name',
    },
  ]
}
