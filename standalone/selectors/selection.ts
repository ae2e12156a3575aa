import { metaOf } from '../object.ts'
import type { ServedVersion } from '../registry/resource.ts'
import type { JsonObject } from '../schema/contract.ts'
import { parseFieldSelector } from './fields.ts'
import { parseLabelSelector } from './labels.ts'

/** The objects that a list, watch or delete-collection is about. */
export interface Selection {
  /** Everything is selected: nothing needs parsing. */
  readonly all: boolean
  matches(object: JsonObject): boolean
  mayMatch(text: string): boolean
}

export const parseSelection = (query: URLSearchParams, served: ServedVersion): Selection => {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', served)
  return {
    all: labels.empty && fields.empty,
    matches: (object) => labels.matches(metaOf(object).labels ?? {}) && fields.matches(object),
    mayMatch: (text) => labels.mayMatch(text) && fields.mayMatch(text),
  }
}
