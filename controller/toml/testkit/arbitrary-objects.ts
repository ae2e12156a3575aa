import fc from 'fast-check'
import { looksLikeObjectId } from '../../api/name-rules.ts'
import { type BlockModel, blockModels, type TableModel, type ValueModel } from '../vocabulary.ts'
import type { WritableObject } from '../write.ts'

/** Objects of every kind as they stand after reading, with texts that are hard to write. Made from the vocabulary, so no field is missed. */

/** Pieces that have broken writers of TOML. */
// biome-ignore format: pieces, not a column
const nastyPieces = [
  '"""', "'''", '""', '"', "'", '\\', '\\\\', '\\n', '\\u00e9', '\\^foo$\\', '\\', '\n', '\n\n', '\r\n', '\r', '\t', ' ', '#', ' # note',
  '[[', ']]', '[[NAME]]', '[[[NAME]]]', '[server]', '$', '{A}', '$$', '{', '}', '=', ':', ',', '- ', '// x', 'KEY = value', 'key: value', 'é', '日本',
  '🦎', '\u2028', '\u0085', '\ufeff', '\u202e', '\x85', '\0', '\x07', '\x1b', '\x7f', '\b', '\f',
]

export const nastyText: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(fc.oneof(fc.constantFrom(...nastyPieces), fc.string({ unit: 'grapheme', maxLength: 6 })), { maxLength: 8 })
    .map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }),
)

const lines: fc.Arbitrary<string> = nastyText.map((text) => (text === '' || text.endsWith('\n') ? text : `${text}\n`))

function arbitraryText(model: ValueModel & { type: 'text' }): fc.Arbitrary<string> {
  const { shape, pattern, notEmpty, maxLength } = model
  if (pattern) return fc.constantFrom('90s', '5m', '1h30m', '1.5h')
  if (shape === 'Version')
    return fc.tuple(fc.nat(99), fc.nat(99), fc.integer({ min: 1, max: 99 })).map((parts) => parts.join('.'))
  if (shape === 'FileContents') return nastyText.map((text) => (text.trim() === '' ? '' : `${text.trimEnd()}\n`))
  if (shape !== undefined) return lines
  const fits = (text: string) => text.length <= (maxLength ?? text.length) && (text !== '' || !notEmpty)
  return nastyText.filter(fits)
}

/** JSON has no -0 that survives a round trip through a number's text. */
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value))

const json: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    nastyText,
    fc.boolean(),
    fc.integer(),
    finite,
    fc.array(tie('value'), { maxLength: 3 }),
    tie('table'),
  ),
  table: fc.dictionary(nastyText, tie('value'), { maxKeys: 3 }),
})).table

function arbitraryValue(model: ValueModel): fc.Arbitrary<unknown> {
  switch (model.type) {
    case 'text':
      return arbitraryText(model)
    case 'choice':
      return fc.constantFrom(...model.values)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({
        min: model.minimum ?? -(2 ** 31),
        max: Math.min(model.maximum ?? 2 ** 31 - 1, Number.MAX_SAFE_INTEGER),
      })
    case 'number':
      return finite.filter((value) => value >= (model.minimum ?? value) && value <= (model.maximum ?? value))
    case 'intOrPercent':
      return fc.oneof(
        fc.nat(2 ** 31 - 1),
        fc.nat(100).map((share) => `${share}%`),
      )
    case 'map':
      return json
    case 'list': {
      const item = arbitraryValue(model.item)
      const kept = model.shape === 'StringList' ? item.filter((text) => String(text).trim() !== '') : item
      return fc.array(kept, { maxLength: 3 })
    }
    case 'table':
      return model.variants ? arbitraryVariant(model.variants) : arbitraryTable(model.table)
  }
}

const arbitraryVariant = (variants: ReadonlyMap<string, TableModel>): fc.Arbitrary<unknown> =>
  fc
    .constantFrom(...variants)
    .chain(([type, params]) => arbitraryTable(params).map((values) => ({ type, params: values })))

function arbitraryTable({ fields }: TableModel): fc.Arbitrary<Record<string, unknown>> {
  const written = fields.filter(({ secret }) => !secret)
  const values = Object.fromEntries(written.map((field) => [field.name, arbitraryValue(field.value)]))
  return fc.record(values, { requiredKeys: written.filter(({ required }) => required).map(({ name }) => name) })
}

/** The kinds are written only once however many spellings their table has. */
const models = [...new Map([...blockModels.values()].map((model) => [model.kind, model])).values()]

export const objectOf = (model: BlockModel): fc.Arbitrary<WritableObject> => {
  const name =
    model.kind === 'Variable'
      ? fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,12}$/)
      : nastyText.map((text) => model.toml.normalizeName(text))
  const named = name.filter(
    (text) => text.trim() !== '' && model.toml.normalizeName(text) === text && !looksLikeObjectId(text),
  )
  const config = model.config?.variants
    ? arbitraryVariant(model.config.variants)
    : arbitraryTable(model.config?.table ?? { fields: [], byKey: new Map(), required: [], secrets: [] })
  return fc
    .tuple(named, arbitraryTable(model.block), config as fc.Arbitrary<Record<string, unknown>>)
    .map(([objectName, block, rest]) => {
      const spec = { ...block, ...rest }
      // Nothing has both.
      if (spec.isSecret === true || spec.valueFrom !== undefined) delete spec.value
      return { kind: model.kind, name: objectName, spec }
    })
}

export const anyObject: fc.Arbitrary<WritableObject> = fc.oneof(...models.map(objectOf))
