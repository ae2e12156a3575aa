import type { JsonObject, Printer, Subresource, TypeModel } from '../schema/contract.ts'

/** A served type of object, in all its versions. */
export interface Resource {
  readonly group: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly listKind: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly custom: boolean
  readonly verbs: readonly string[]
  /** The resource's name in the store: `configmaps`, `widgets.example.com`. Two groups may serve one (events). */
  readonly storage: string
  /** apiVersion of what is stored. */
  readonly storedAs: string
  /** The served ones, in the order that discovery shows. */
  readonly versions: readonly ServedVersion[]
  /** Objects stored up to this revision may lack the defaults of the schema as it is now. */
  readonly definedAt: number
  readonly rules: ResourceRules
  /** Where objects say who made them (see admission/creator), as a dotted path. */
  readonly creatorField?: string | undefined
}

/** Where the kinds of Kubernetes differ from one another. */
export interface ResourceRules {
  /** PUT of a name that is not there creates it. */
  readonly createOnUpdate: boolean
  /** PUT needs no resourceVersion. */
  readonly unconditionalUpdate: boolean
  /** DELETE answers the object instead of a Status. */
  readonly deleteAnswersObject: boolean
}

export interface ServedVersion {
  readonly resource: Resource
  readonly version: string
  readonly apiVersion: string
  readonly model: TypeModel
  readonly printer: Printer
  readonly subresources: readonly Subresource[]
  /** What every answer warns of. */
  readonly deprecation?: string
  /** Paths that field selectors may name beside metadata.name and metadata.namespace. */
  readonly selectable: readonly SelectableField[]
  /** Between this version and the stored form; absent: they differ in apiVersion alone. Arguments are consumed. */
  readonly convert?: { fromStored(object: JsonObject): JsonObject; toStored(object: JsonObject): JsonObject }
}

export interface SelectableField {
  /** As in the selector. */
  label: string
  value(object: JsonObject): string
}
