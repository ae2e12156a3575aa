import { inOrder, metaOf } from '../object.ts'
import type { JsonObject } from '../schema/contract.ts'
import type { Change } from '../store/change.ts'
import type { Stored } from '../store/reader.ts'
import type { ServedVersion } from './resource.ts'

// Stored text goes to clients as it is whenever it already says what the served version would say; this file knows when.

const prefixOf = (apiVersion: string, kind: string): string =>
  `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},`

/** The object as this version shows it. */
export const servedObject = (version: ServedVersion, stored: Pick<Stored, 'text' | 'revision'>): JsonObject => {
  let object = JSON.parse(stored.text) as JsonObject
  if (version.convert) {
    object = version.convert.fromStored(object)
    object.apiVersion = version.apiVersion
    version.model.decode(object)
  }
  object.apiVersion = version.apiVersion
  if (version.model.defaultsOnRead && stored.revision <= version.resource.definedAt) {
    const { metadata } = object
    version.model.decode(object)
    object.metadata = metadata!
    version.model.applyDefaults(object)
  }
  return object
}

export const servedText = (version: ServedVersion, stored: Pick<Stored, 'text' | 'revision'>): string => {
  const upToDate = !version.model.defaultsOnRead || stored.revision > version.resource.definedAt
  if (upToDate && !version.convert && stored.text.startsWith(prefixOf(version.apiVersion, version.model.kind))) {
    return stored.text
  }
  return JSON.stringify(inOrder(servedObject(version, stored)))
}

/** As an item of a list: built-in kinds leave kind and apiVersion to the list. */
export const itemText = (version: ServedVersion, stored: Pick<Stored, 'text' | 'revision'>): string => {
  const text = servedText(version, stored)
  return version.resource.custom ? text : `{${text.slice(prefixOf(version.apiVersion, version.model.kind).length)}`
}

/** What is written to the store for `object` of this version at `revision`. */
export const storedText = (version: ServedVersion, object: JsonObject, revision: number): string => {
  metaOf(object).resourceVersion = String(revision)
  if (!version.convert) return JSON.stringify(inOrder({ ...object, apiVersion: version.apiVersion }))
  const converted = version.convert.toStored(structuredClone(object))
  return JSON.stringify(inOrder({ ...converted, apiVersion: version.resource.storedAs }))
}

/** The objects of a change as this version shows them; parsed once for all watchers. */
export const changedObject = (version: ServedVersion, change: Change): JsonObject =>
  change.memo(`object ${version.apiVersion}`, () => servedObject(version, change))

export const previousObject = (version: ServedVersion, change: Change): JsonObject | undefined =>
  change.memo(`previous ${version.apiVersion}`, ({ previousText, revision }) =>
    previousText === undefined ? undefined : servedObject(version, { text: previousText, revision }),
  )
