import type { TomlMeta } from './field.ts'

interface Annotated {
  description?: string
  default?: unknown
  'x-komodo'?: TomlMeta
}

/** What `kubectl explain` and editors say about a field: its description, then its default and an example. */
export function explanation(schema: Annotated): string {
  const { example, variantDefault } = schema['x-komodo'] ?? {}
  const fallback = schema.default ?? variantDefault
  return [
    schema.description ?? '',
    ...(isWorthSaying(fallback) ? [`Default: \`${plain(fallback)}\`.`] : []),
    ...(example === undefined ? [] : [`Example: \`${example}\`.`]),
  ].join(' ')
}

/** Empty defaults are left to the description, which says what empty means. Tables have fields that speak for themselves. */
const isWorthSaying = (value: unknown): boolean =>
  value !== undefined && value !== '' && (typeof value !== 'object' || (Array.isArray(value) && value.length > 0))

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
