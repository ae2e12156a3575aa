import type { ApiResponse } from '../api.ts'
import type { Call } from '../call.ts'
import { answer, answerText } from '../http/negotiate.ts'
import { itemText, servedObject, servedText } from '../registry/codec.ts'
import type { JsonObject } from '../schema/contract.ts'
import { parseSelection, type Selection } from '../selectors/selection.ts'
import type { Stored } from '../store/reader.ts'
import { objectTable, partialMetadata } from './answer.ts'
import { encodeContinue, type ListVersion, listOptions } from './list-options.ts'

/** Objects that are looked through at a time while a selector looks for matches. */
const SCAN = 500

export const list = (call: Call): ApiResponse => {
  const { served } = call
  const selection = parseSelection(call.query, served)
  const options = listOptions(call)
  const found = findPage(call, selection, options)
  const meta = listMeta(call, found, options, selection)
  const { as } = call.representation
  if (as === 'Table') {
    const objects = found.items.map((stored) => servedObject(served, stored))
    return answer(200, objectTable(call, objects, meta), call.representation, call.warnings)
  }
  if (as === 'PartialObjectMetadataList' || as === 'PartialObjectMetadata') {
    const items = found.items.map((stored) => partialMetadata(call, servedObject(served, stored)))
    const value = {
      kind: 'PartialObjectMetadataList',
      apiVersion: `meta.k8s.io/${call.representation.version ?? 'v1'}`,
      metadata: meta,
      // As Go writes a list that was never begun.
      items: items.length > 0 ? items : null,
    }
    return answer(200, value, call.representation, call.warnings)
  }
  const items = found.items.map((stored) => itemText(served, stored)).join(',')
  const head = { kind: served.resource.listKind, apiVersion: served.apiVersion, metadata: meta }
  return answerText(200, `${JSON.stringify(head).slice(0, -1)},"items":[${items}]}`, call.representation, call.warnings)
}

interface Found {
  items: Stored[]
  more: boolean
}

const findPage = (call: Call, selection: Selection, options: ListVersion): Found => {
  const { served, namespace, backend } = call
  const prefix = namespace ? `${namespace}/` : ''
  const { limit, at } = options
  const wanted = limit > 0 ? limit + 1 : -1
  const read = (after: string, count: number): Stored[] => {
    const page = { prefix, after, limit: count }
    const { storage } = served.resource
    return at === undefined ? backend.store.list(storage, page) : backend.store.listAt(at, storage, page)
  }
  if (selection.all) return cut(read(options.after, wanted), limit)

  const items: Stored[] = []
  let { after } = options
  for (;;) {
    const page = read(after, wanted < 0 ? -1 : SCAN)
    for (const stored of page) {
      if (!selection.mayMatch(stored.text)) continue
      if (selection.matches(servedObject(served, stored))) items.push(stored)
    }
    if (wanted < 0 || page.length < SCAN || items.length >= wanted) return cut(items, limit)
    after = page.at(-1)!.path
  }
}

const cut = (items: Stored[], limit: number): Found =>
  limit > 0 && items.length > limit ? { items: items.slice(0, limit), more: true } : { items, more: false }

const listMeta = (call: Call, { items, more }: Found, options: ListVersion, selection: Selection): JsonObject => {
  const { served, backend, namespace } = call
  const revision = options.at ?? backend.store.revision
  const meta: JsonObject = { resourceVersion: String(revision) }
  // Lists of custom resources are written without regard to emptiness.
  if (served.resource.custom && !call.representation.as) meta.continue = ''
  if (!more) return meta
  const last = items.at(-1)!.path
  meta.continue = encodeContinue({ revision, after: last })
  if (selection.all) {
    meta.remainingItemCount = backend.store.count(served.resource.storage, {
      prefix: namespace ? `${namespace}/` : '',
      after: last,
    })
  }
  return meta
}

/** The objects that a delete-collection is about, as the served version shows them. */
export const selectAll = (call: Call, read: (prefix: string) => Stored[]): { stored: Stored; object: JsonObject }[] => {
  const { served, namespace } = call
  const selection = parseSelection(call.query, served)
  return read(namespace ? `${namespace}/` : '')
    .filter(({ text }) => selection.mayMatch(text))
    .map((stored) => ({ stored, object: JSON.parse(servedText(served, stored)) as JsonObject }))
    .filter(({ object }) => selection.matches(object))
}
