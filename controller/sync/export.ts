import type { KubeObject } from '../api/meta.ts'
import { komodoNameOf } from '../api/names.ts'
import { deepEqual, isPlainObject, type PlainObject } from '../json.ts'
import { read } from '../toml/read.ts'
import { BLOCK_SEPARATOR, writeBlock } from '../toml/write.ts'
import { syncKinds } from './kinds.ts'
import { secretReferences } from './secret-references.ts'

/** An object as a block of TOML. */
export interface ExportedObject {
  kind: string
  /** The name as Komodo has it. */
  name: string
  /** `metadata.name`. */
  objectName: string
  text: string
  /** Whether values live in Secrets, which are no part of an export. */
  hasSecrets: boolean
  /** What is not read back from the text as it is; empty when it says all. */
  losses: readonly string[]
  /** The block would not even be read back: it must not stand among others. */
  unreadable: boolean
}

/** As Komodo exports, and what Komodo does not have beside what is most like it. */
const exportOrder = [
  'GitProvider',
  'ImageRegistry',
  'OnboardingKey',
  'Server',
  'ServerTemplate',
  'Swarm',
  'Stack',
  'Deployment',
  'Build',
  'Repo',
  'Procedure',
  'Action',
  'Alerter',
  'Builder',
  'ResourceSync',
  'Variable',
  'UserGroup',
]

/** Blocks in the order of kinds and names. What TOML cannot declare, and what is being deleted, is not among them. */
export function exportObjects(objects: Iterable<KubeObject>): ExportedObject[] {
  const exported: ExportedObject[] = []
  for (const object of objects) {
    if (!syncKinds.has(object.kind) || object.metadata.deletionTimestamp !== undefined) continue
    exported.push(exportObject(object))
  }
  const place = ({ kind }: ExportedObject): number => exportOrder.indexOf(kind)
  return exported.sort((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1))
}

/** A file of all that can be read back. */
export const exportedFile = (exported: readonly ExportedObject[]): string =>
  exported
    .filter(({ unreadable }) => !unreadable)
    .map(({ text }) => text)
    .join(BLOCK_SEPARATOR)

function exportObject(object: KubeObject): ExportedObject {
  const { kind } = object
  const name = komodoNameOf(object)
  const spec = isPlainObject(object.spec) ? object.spec : {}
  const text = writeBlock({ kind, name, spec })
  const { declarations, diagnostics } = read([{ path: '', text }])
  const [declaration] = declarations
  const unreadable = declaration === undefined
  const losses = declaration
    ? differences(kind, spec, declaration.spec)
    : diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)
  const hasSecrets = secretReferences(spec).length > 0
  return { kind, name, objectName: object.metadata.name, text, hasSecrets, losses, unreadable }
}

const differences = (kind: string, written: PlainObject, readBack: PlainObject): string[] =>
  differentFields(kind, written, readBack).map((path) => `${path} is not read back from TOML as it is`)

/** Dotted paths of what two specs do not say alike, defaults and line ends at the end of texts aside. */
export function differentFields(kind: string, a: PlainObject, b: PlainObject): string[] {
  const complete = (spec: PlainObject): PlainObject => syncKinds.get(kind)?.withDefaults(spec) ?? spec
  return differentPaths(complete(a), complete(b))
}

function differentPaths(a: unknown, b: unknown, path = ''): string[] {
  if (deepEqual(a, b) || isSameText(a, b)) return []
  if (isPlainObject(a) && isPlainObject(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
      differentPaths(a[key], b[key], path === '' ? key : `${path}.${key}`),
    )
  }
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    return a.flatMap((item, index) => differentPaths(item, b[index], `${path}.${index}`))
  }
  return [path]
}

/** Key-value text and file contents end with a line end when they come out of TOML, and a text that is not given is empty: neither means anything. */
export const isSameText = (a: unknown = '', b: unknown = ''): boolean =>
  typeof a === 'string' && typeof b === 'string' && a.trimEnd() === b.trimEnd()
