import { kinds } from '../controller/api/v1alpha1/kinds.ts'
import {
  type BlockModel,
  blockModels,
  type FieldModel,
  type TableModel,
  type TableValue,
  type ValueModel,
} from '../controller/toml/vocabulary.ts'

/** JSON Schema draft 7, the one that TOML language servers read. */
type JsonSchema = Record<string, unknown>

const stringList: JsonSchema = { type: 'array', items: { type: 'string' } }

const pairs = (left: string, right: string): JsonSchema => ({
  type: 'array',
  items: {
    type: 'object',
    properties: { [left]: { type: 'string' }, [right]: { type: 'string' } },
    required: [left, right],
    additionalProperties: false,
  },
})

const descriptions = new Map(kinds.map(({ kind, description }) => [kind as string, description]))

/** Understood, but not what people should write. */
const anotherSpelling = (key: string): JsonSchema => ({
  description: `Another spelling of \`${key}\`.`,
  deprecated: true,
})

/** What stands in a TOML file: completion, hover texts and squiggles for editors. */
export function editorSchema(): JsonSchema {
  const definitions: JsonSchema = {}
  const properties: JsonSchema = {}
  for (const [table, model] of blockModels) {
    const reference = { $ref: `#/definitions/${model.kind}` }
    // `items` means nothing for a table. Taplo, which most editors use, looks for keys of `[[stack]]` with the index twice; only so does
    // it find them.
    definitions[model.kind] ??= { ...block(model), items: reference }
    properties[table] = {
      type: 'array',
      items: reference,
      description: descriptions.get(model.kind),
      ...(table !== model.toml.table && anotherSpelling(model.toml.table)),
    }
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Komodo resources in TOML',
    type: 'object',
    properties,
    definitions,
  }
}

function block(model: BlockModel): JsonSchema {
  const properties: JsonSchema = {
    name: { type: 'string', minLength: 1, description: `Name of the ${model.kind}.` },
    ...fields(model.block),
  }
  if (model.config) properties.config = { ...table(model.config), description: `Configuration of the ${model.kind}.` }
  return {
    type: 'object',
    properties,
    ...(!model.toml.nameFrom && { required: ['name'] }),
    additionalProperties: false,
  }
}

function object(table: TableModel): JsonSchema {
  const required = table.fields.filter(({ required }) => required).map(({ key }) => key)
  return {
    type: 'object',
    properties: fields(table),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  }
}

function fields(table: TableModel): JsonSchema {
  const properties: JsonSchema = {}
  for (const field of table.fields) {
    properties[field.key] = fieldSchema(field)
    for (const alias of field.aliases) {
      properties[alias] = { ...value(field.value), ...anotherSpelling(field.key) }
    }
  }
  return properties
}

function fieldSchema(field: FieldModel): JsonSchema {
  const since = field.since ? ` Since Komodo ${field.since}.` : ''
  return {
    ...value(field.value),
    description: field.description + since,
    ...(isScalar(field.default) && { default: field.default }),
  }
}

const isScalar = (value: unknown): boolean => value !== undefined && typeof value !== 'object' && value !== ''

function value(model: ValueModel): JsonSchema {
  switch (model.type) {
    case 'boolean':
      return { type: 'boolean' }
    case 'choice':
      return { enum: [...model.spellings.keys()] }
    case 'integer':
    case 'number': {
      const { type, ...bounds } = model
      return { type, ...bounds }
    }
    case 'intOrPercent':
      return {
        anyOf: [
          { type: 'integer', minimum: 0 },
          { type: 'string', pattern: '^[0-9]{1,3}%$' },
        ],
      }
    case 'text':
      return text(model)
    case 'list': {
      const list: JsonSchema = { type: 'array', items: value(model.item) }
      if (model.shape === 'StringList') return { anyOf: [list, { type: 'string' }] }
      if (model.shape === 'TableOrList') return { anyOf: [list, value(model.item)] }
      return list
    }
    case 'map':
      return { type: 'object' }
    case 'table':
      return table(model)
  }
}

function text({ shape, pattern, maxLength }: ValueModel & { type: 'text' }): JsonSchema {
  const string: JsonSchema = {
    type: 'string',
    ...(pattern && { pattern: pattern.source }),
    ...(maxLength !== undefined && { maxLength }),
  }
  switch (shape) {
    case 'EnvVars':
    case 'Labels':
      return { anyOf: [string, pairs('variable', 'value')] }
    case 'Conversions':
      return { anyOf: [string, pairs('local', 'container')] }
    case 'TermSignalLabels':
      return { anyOf: [string, pairs('signal', 'label')] }
    case 'Version': {
      const part = { type: 'integer' }
      const parts = { major: part, minor: part, patch: part }
      return { anyOf: [string, { type: 'object', properties: parts, required: Object.keys(parts) }] }
    }
    case 'StringList':
      return { anyOf: [stringList, string] }
    default:
      return string
  }
}

function table({ table: known, shorthand, variants }: TableValue): JsonSchema {
  if (!variants) {
    const plain = object(known)
    return shorthand === undefined ? plain : { anyOf: [{ type: 'string' }, plain] }
  }
  return {
    anyOf: [...variants].map(([variant, params]) => ({
      type: 'object',
      properties: { type: { const: variant }, params: object(params) },
      required: ['type', 'params'],
      additionalProperties: false,
    })),
  }
}
