import type { TObject, TProperties } from 'typebox'
import type { ResourceType } from '../meta.ts'

/** Everything there is to say about a kind: types, CRD, TOML reader, editor schema and reference page come from it. */
export interface KindDefinition extends ResourceType {
  readonly namespaced: true
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  /** First sentence of `kubectl explain`. */
  readonly description: string
  readonly spec: TObject<TProperties>
  readonly status: TObject<TProperties>
  /** How TOML spells it; none: the kind is ours alone and cannot be declared in TOML. */
  readonly toml?: TomlTable
  readonly printerColumns: readonly PrinterColumn[]
  /** Conditions that the kind adds to the common ones, with their meaning when True. */
  readonly conditions: Readonly<Record<string, string>>
  /** What the controller does not do with it yet. Such a kind is checked, kept, planned and exported; its condition `Supported` says this. */
  readonly notYet?: string
  /** Annotations of the CRD. */
  readonly annotations?: Readonly<Record<string, string>>
  /** The spec never changes after creation. */
  readonly immutable?: boolean
}

export interface TomlTable {
  /** `[[stack]]`. */
  readonly table: string
  readonly aliases: readonly string[]
  /** Whether fields live in a `config` table below the block. */
  readonly hasConfig: boolean
  /** The name that Komodo would store for a name as written. */
  readonly normalizeName: (name: string) => string
  /** The key that names a block without `name`, and what it is when that is not given either. */
  readonly nameFrom?: { readonly key: string; readonly otherwise?: string }
}

export interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean' | 'date'
  readonly jsonPath: string
  readonly description?: string
  /** Only shown by `kubectl get -o wide`. */
  readonly wide?: boolean
}

export const readyColumns: readonly PrinterColumn[] = [
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
]

export const ageColumns: readonly PrinterColumn[] = [
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', wide: true },
]

/** Condition of kinds with `notYet`. */
export const SUPPORTED = 'Supported'
export const SUPPORTED_MEANING =
  'The controller does what the object asks for; False while it only keeps and checks such objects.'

/** Condition of those of them that name other objects. */
export const REFERENCES_FOUND = 'ReferencesFound'
export const REFERENCES_FOUND_MEANING =
  'Everything that the object names is there; the message tells what is not, and the object goes on by itself when it appears.'
