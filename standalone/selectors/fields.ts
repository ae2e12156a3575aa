import { metaOf } from '../object.ts'
import type { ServedVersion } from '../registry/resource.ts'
import type { JsonObject } from '../schema/contract.ts'
import { badRequest } from '../schema/faults.ts'

export interface FieldSelector {
  readonly empty: boolean
  matches(object: JsonObject): boolean
  /** Could an object with this JSON text match? Says no only when it is certain. */
  mayMatch(text: string): boolean
}

interface Term {
  label: string
  equals: boolean
  wanted: string
}

/** @throws Fault 400 for broken selectors and for fields that the kind cannot be selected by. */
export const parseFieldSelector = (text: string, served: ServedVersion): FieldSelector => {
  const terms = splitTerms(text).map(parseTerm)
  const tests = terms.map(({ label, equals, wanted }) => {
    const value = reader(served, label)
    return (object: JsonObject): boolean => (value(object) === wanted) === equals
  })
  const needles = terms
    .filter(({ label, equals }) => equals && (label === 'metadata.name' || label === 'metadata.namespace'))
    .map(({ wanted }) => JSON.stringify(wanted))
  return {
    empty: terms.length === 0,
    matches: (object) => tests.every((test) => test(object)),
    mayMatch: (json) => needles.every((needle) => json.includes(needle)),
  }
}

/** At commas that no backslash escapes. */
const splitTerms = (text: string): string[] => text.match(/(?:\\.|[^,\\])+/gs) ?? []

const parseTerm = (text: string): Term => {
  const match = /^((?:\\.|[^=!\\])*)(==|!=|=)(.*)$/s.exec(text)
  if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${text}'`)
  const [, label = '', operator, wanted = ''] = match
  const broken = /(?:^|[^\\])(?:\\\\)*([=,])/.exec(wanted)
  if (broken) throw badRequest(`invalid field selector: unescaped character in value: '${broken[1]}'`)
  return { label: label.trim(), equals: operator !== '!=', wanted: wanted.replaceAll(/\\([\\,=])/g, '$1') }
}

const reader = (served: ServedVersion, label: string): ((object: JsonObject) => string) => {
  if (label === 'metadata.name') return (object) => metaOf(object).name ?? ''
  if (label === 'metadata.namespace') return (object) => metaOf(object).namespace ?? ''
  const field = served.selectable.find((candidate) => candidate.label === label)
  if (field) return field.value
  const { resource } = served
  if (resource.custom || served.selectable.length > 0) throw badRequest(`field label not supported: ${label}`)
  throw badRequest(`${JSON.stringify(label)} is not a known field selector: only "metadata.name", "metadata.namespace"`)
}
