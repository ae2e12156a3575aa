import type { Type as TypeBox } from 'typebox'

/**
 * The builders that kinds are written with. Types are inferred by typebox; what runs is only this, because all that we need of it
 * at run time are JSON Schemas, and its engine would take 15 MiB of a process that is meant to be small.
 */
type Builders = Pick<
  typeof TypeBox,
  'Array' | 'Boolean' | 'Enum' | 'Integer' | 'Number' | 'Object' | 'Optional' | 'String' | 'Unsafe'
>

type Schema = Readonly<Record<string, unknown>>

const optional = new WeakSet<Schema>()

const Type = {
  Array: (items: Schema, options?: Schema) => ({ type: 'array', items, ...options }),
  Boolean: (options?: Schema) => ({ type: 'boolean', ...options }),
  Enum: (values: readonly string[], options?: Schema) => ({ enum: values, ...options }),
  Integer: (options?: Schema) => ({ type: 'integer', ...options }),
  Number: (options?: Schema) => ({ type: 'number', ...options }),
  Object: (properties: Readonly<Record<string, Schema>>, options?: Schema) => {
    const required = Object.keys(properties).filter((name) => !optional.has(properties[name]!))
    return { type: 'object', ...(required.length > 0 && { required }), properties, ...options }
  },
  /** A copy: the schema itself may be required elsewhere. */
  Optional: (schema: Schema) => {
    const copy = { ...schema }
    optional.add(copy)
    return copy
  },
  String: (options?: Schema) => ({ type: 'string', ...options }),
  Unsafe: (schema: Schema) => schema,
} as unknown as Builders

export default Type
