/** The printer of a custom resource: the name, then its CRD's `additionalPrinterColumns`. */
import type { CrdPrinter, Json, JsonObject, Printer, TableColumnDefinition } from '../schema/contract.ts'
import { versionsOf } from '../schema/crd.ts'
import { isObject, marshal, printValue } from '../schema/go.ts'
import { ageOf } from './duration.ts'
import { type JsonPath, parseJsonPath } from './json-path.ts'
import { creationDescription, metaOf, nameColumn } from './table.ts'

interface Column {
  definition: TableColumnDefinition
  path: JsonPath
}

const age: JsonObject = {
  name: 'Age',
  type: 'date',
  description: creationDescription,
  jsonPath: '.metadata.creationTimestamp',
}

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

const columnOf = (column: JsonObject): Column => {
  const jsonPath = text(column.jsonPath)
  return {
    definition: {
      name: text(column.name),
      type: text(column.type),
      format: text(column.format),
      description: text(column.description) || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
      priority: typeof column.priority === 'number' ? column.priority : 0,
    },
    path: parseJsonPath(jsonPath),
  }
}

const asText = (value: Json): string => {
  if (value === null) return '<no value>'
  return typeof value === 'object' ? marshal(value) : printValue(value)
}

const cellOf = (type: string, value: Json | undefined, now: number): Json => {
  if (value === undefined) return null
  if (type === 'string') return asText(value)
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      return typeof value === 'string' ? ageOf(value, now) : null
    default:
      return null
  }
}

export const crdPrinter: CrdPrinter = (crd, version) => {
  const found = versionsOf(crd).find((candidate) => candidate.name === version)
  const declared = Array.isArray(found?.additionalPrinterColumns) ? found.additionalPrinterColumns.filter(isObject) : []
  const columns = (declared.length ? declared : [age]).map(columnOf)
  return {
    columns: [nameColumn, ...columns.map(({ definition }) => definition)],
    cells: (object, now) => [
      metaOf(object).name ?? '',
      ...columns.map(({ definition, path }) => cellOf(definition.type, path.find(object)[0], now)),
    ],
  } satisfies Printer
}
