import { optionalText, type TomlMeta } from './field.ts'
import Type from './schema.ts'

/** A param of one variant of a tagged union: its default depends on `type`, so the schema has none. */
export const param = {
  text: (description: string, variantDefault: string, meta: Pick<TomlMeta, 'since' | 'example'> = {}) =>
    optionalText(description, { variantDefault, ...meta }),
  flag: (description: string, variantDefault: boolean, meta: Pick<TomlMeta, 'since'> = {}) =>
    Type.Optional(Type.Boolean({ description, 'x-komodo': { variantDefault, ...meta } })),
  integer: (description: string, variantDefault: number, maximum = 2_147_483_647) =>
    Type.Optional(Type.Integer({ description, minimum: 0, maximum, 'x-komodo': { variantDefault } })),
  list: (description: string, meta: TomlMeta = {}) =>
    Type.Optional(
      Type.Array(Type.String(), { description, 'x-komodo': { variantDefault: [], shape: 'StringList', ...meta } }),
    ),
  choice: <const Values extends readonly string[]>(
    description: string,
    values: Values,
    variantDefault: Values[number],
    enumAliases?: Readonly<Record<string, readonly string[]>>,
  ) =>
    Type.Optional(
      Type.Unsafe<Values[number]>({
        type: 'string',
        enum: values,
        description,
        'x-komodo': { variantDefault, ...(enumAliases && { enumAliases }) },
      }),
    ),
}
