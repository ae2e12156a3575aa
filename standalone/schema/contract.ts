/**
 * The pure rooms of the API server, as their callers (the verbs) see them. No room does I/O, keeps time or knows the store:
 * objects come in as parsed JSON and go out as parsed JSON. "In place" means that the argument is changed.
 *
 * | Question                                   | Function                                   | File                        |
 * | ------------------------------------------ | ------------------------------------------ | --------------------------- |
 * | What does this JSON text say?              | parseJson                                  | schema/json.ts              |
 * | Is this CRD acceptable, what does it serve?| decode/validate of its own TypeModel; crdModels | schema/crd.ts          |
 * | Which kinds are built in?                  | builtinTypes                               | builtin/types.ts            |
 * | How do I name the faults of an object?     | invalidStatusMessage                       | schema/faults.ts            |
 * | JSON, merge and strategic merge patch      | jsonPatch, mergePatch, strategicMergePatch | patch/*.ts                  |
 * | Server-side apply                          | serverSideApply                            | apply/apply.ts              |
 * | Who owns what after an update              | trackUpdate                                | apply/update.ts             |
 * | What kubectl prints                        | toTable, printerOf                         | table/table.ts, table/crd.ts|
 * | OpenAPI documents                          | openApiV3, openApiV2                       | openapi/v3.ts, openapi/v2.ts|
 *
 * How a write goes through a TypeModel, in this order (as in kube-apiserver):
 *
 *     parseJson -> decode -> applyDefaults -> trackUpdate -> [server fills metadata] -> prepareForCreate|Update -> validate -> store
 *     patch:  live -> jsonPatch|mergePatch|strategicMergePatch -> decode -> applyDefaults -> ... the same
 *     apply:  live + body -> serverSideApply (merges, decodes, defaults and tracks) -> [metadata] -> prepare* -> validate -> store
 *     read:   stored JSON -> applyDefaults (only when `defaultsOnRead`) -> answer
 */
import type { ManagedFieldsEntry } from '../../controller/api/meta.ts'

export type Json = null | boolean | number | string | Json[] | JsonObject
export type JsonObject = { [key: string]: Json }

// ---------------------------------------------------------------------------------------------------------------- errors

/** An entry of `Status.details.causes`. */
export interface Cause {
  /** `FieldValueInvalid`, `FieldValueRequired`, `FieldManagerConflict` ... */
  reason: string
  message: string
  field: string
}

/**
 * A refusal with the `Status` it must become: thrown by every room whose input can be wrong. `message` is complete and goes
 * to the client as it is.
 */
export interface StatusFault {
  code: number
  /** `BadRequest`, `Invalid`, `Conflict`, `RequestEntityTooLarge`, `UnsupportedMediaType`, or `''` (InternalError without a reason). */
  reason: string
  message: string
  causes?: Cause[]
}

// ----------------------------------------------------------------------------------------------------------------- types

export type Subresource = '' | 'status'

/** One served kind in one version: what it may hold, how it is filled, checked, merged and documented. */
export interface TypeModel {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** Custom resources answer differently from built-in kinds in many places. */
  readonly custom: boolean
  readonly namespaced: boolean
  /** `spec` and `status` are written through different paths. */
  readonly hasStatus: boolean
  /** A new default in a CRD shows on objects stored before it. False: skip applyDefaults on read. */
  readonly defaultsOnRead: boolean
  readonly fields: FieldType
  /** Name of the schema in OpenAPI v2, for example `io.k8s.api.core.v1.ConfigMap`. */
  readonly openApiName: string
  readonly openApi: OpenApiSchema
  /** Other schemas that `openApi` refers to, by name. */
  readonly openApiDefinitions: Readonly<Record<string, OpenApiSchema>>

  /**
   * In place: makes of parsed JSON what the type can hold, as Go's decoder and encoder do: unknown fields go, nulls and empty
   * `omitempty` values go, times become UTC. Answers the paths of the unknown fields (`spec.nope`, `spec.list[0].x`), in order.
   * @throws Fault (400) with only the tail of the message, e.g. `json: cannot unmarshal ...`: the caller says "as a Widget" before it.
   */
  decode(object: JsonObject): string[]
  /**
   * In place: `decode` for the outcome of a server-side apply. Of a custom resource only metadata is decoded: a null that the
   * apply left in place of an emptied map is a fault for validation, as in kube-apiserver.
   */
  decodeMerged(object: JsonObject): void
  applyDefaults(object: JsonObject): void
  /**
   * In place, once it is valid: nulls that a merge left where nothing speaks against them, which kube-apiserver stores and drops as it reads
   * the object back to answer.
   */
  dropNulls(object: JsonObject): void
  /** In place: status cleared, generation 1, and what the kind itself fills (Secret.stringData, Namespace.spec.finalizers ...). */
  prepareForCreate(object: JsonObject): void
  /** In place: keeps what this subresource may not change (status, or all but status) and counts generation. */
  prepareForUpdate(object: JsonObject, old: JsonObject, subresource: Subresource): void
  /**
   * Everything that is wrong, metadata included. Unchanged faults of `old` are ratcheted away as in kube-apiserver. The
   * resourceVersion of an update must be filled in (unconditional updates take that of `old`).
   */
  validate(object: JsonObject, context: { old?: JsonObject; subresource?: Subresource }): Cause[]
}

/**
 * How the merge rooms see a value: which forms it may take, and how each merges. Several forms are possible where the schema
 * leaves the type open; none at all cannot happen.
 */
export interface FieldType {
  /** `numeric` takes ints and floats, `untyped` any scalar. */
  scalar?: 'string' | 'boolean' | 'numeric' | 'untyped'
  list?: ListType
  map?: MapType
}
export interface MapType {
  fields: ReadonlyMap<string, FieldType>
  /** The type of keys that are not in `fields`; absent: they are not declared in the schema. */
  element?: FieldType
  atomic: boolean
}
export interface ListType {
  element: FieldType
  /** Associative lists merge: by `keys`, or as a set where there are none. */
  associative: boolean
  keys: readonly string[]
  /** Defaults of key fields, for entries that leave them out. */
  keyDefaults: Readonly<Record<string, Json>>
  /** Strategic merge patch of built-in kinds: the key that lists merge by, `''` for lists of scalars; absent: replaced. */
  patchMergeKey?: string
}

export type OpenApiSchema = { [key: string]: unknown }

// ----------------------------------------------------------------------------------------------------------------- CRDs

/** The models of a CRD's served and unserved versions, by version name. `crd` is decoded, defaulted and valid. */
export type CrdModels = (crd: JsonObject) => ReadonlyMap<string, TypeModel>

/** A built-in resource: its model and how it is served. */
export interface BuiltinType {
  model: TypeModel
  plural: string
  singular: string
  shortNames: readonly string[]
  categories: readonly string[]
  verbs: readonly string[]
  subresources: readonly Subresource[]
  listKind: string
  printer: Printer
}

// ----------------------------------------------------------------------------------------------------------------- JSON

/**
 * @throws Fault (400) on broken text, and on integers that a double cannot hold exactly (beyond 2^53): they are refused
 * rather than silently changed. `duplicates` are the paths of repeated keys (`spec.a`), of which the last one wins.
 */
export type ParseJson = (text: string) => { value: Json; duplicates: string[] }

// ---------------------------------------------------------------------------------------------------------------- patch

/** @throws Fault: 400, 413 or 422 with the texts of kube-apiserver. Arguments are not changed. */
export type JsonPatch = (original: Json, patch: Json) => Json
export type MergePatch = (original: Json, patch: Json) => Json
/** Only for built-in kinds; custom resources answer 415. */
export type StrategicMergePatch = (original: JsonObject, patch: JsonObject, model: TypeModel) => JsonObject

// ---------------------------------------------------------------------------------------------------------------- apply

export interface ApplyRequest {
  model: TypeModel
  /** What is stored, managedFields included; undefined when the apply creates. Not changed. */
  live: JsonObject | undefined
  /** The body. May be consumed. */
  applied: JsonObject
  manager: string
  force: boolean
  subresource: Subresource
  /** RFC 3339, whole seconds. */
  time: string
  /** The models of the same kind in other versions, for managedFields that name them. */
  modelOf?: (apiVersion: string) => TypeModel | undefined
}

export interface ApplyOutcome {
  /** The merged and defaulted object with its new managedFields. */
  object: JsonObject
  /** False: the object and its owners are what they were, nothing needs to be written. */
  changed: boolean
}

/** @throws Fault: 409 with causes (conflicts), 500 (shape), 400 (managedFields in the body, wrong version). */
export type ServerSideApply = (request: ApplyRequest) => ApplyOutcome

export interface UpdateTracking {
  model: TypeModel
  /** Undefined on create. */
  old: JsonObject | undefined
  /** Its managedFields are the client's wish (`[{}]` clears, broken ones are ignored). Not changed. */
  object: JsonObject
  manager: string
  subresource: Subresource
  time: string
  modelOf?: (apiVersion: string) => TypeModel | undefined
}

/** The managedFields to store with `object`; undefined: none. */
export type TrackUpdate = (request: UpdateTracking) => ManagedFieldsEntry[] | undefined

/** The manager of a request: the `fieldManager` parameter, else the User-Agent up to the first `/`. */
export type ManagerOf = (fieldManager: string | undefined, userAgent: string | undefined) => string

// ---------------------------------------------------------------------------------------------------------------- table

export interface TableColumnDefinition {
  name: string
  type: string
  format: string
  description: string
  priority: number
}

export interface Printer {
  columns: readonly TableColumnDefinition[]
  /** One cell per column. `now` in ms since the epoch, for ages. */
  cells(object: JsonObject, now: number): Json[]
}

export interface TableOptions {
  printer: Printer
  objects: readonly JsonObject[]
  includeObject: 'None' | 'Metadata' | 'Object'
  now: number
  /** `resourceVersion`, `continue` and `remainingItemCount` of the list, or of the single object. */
  listMeta: JsonObject
  /** False only for all but the first event of a watch: definitions are null there. */
  withColumns?: boolean
  /** Version asked for; `v1` unless told. */
  apiVersion?: 'meta.k8s.io/v1' | 'meta.k8s.io/v1beta1'
}

export type ToTable = (options: TableOptions) => JsonObject
/** The printer of a CRD version: `additionalPrinterColumns`, or the default Age column. */
export type CrdPrinter = (crd: JsonObject, version: string) => Printer

// -------------------------------------------------------------------------------------------------------------- openapi

/** A resource as served, for the documents. */
export interface ServedResource {
  model: TypeModel
  plural: string
  singular: string
  verbs: readonly string[]
  subresources: readonly Subresource[]
}

/** The document at `/openapi/v3/apis/<group>/<version>` (or `api/v1`). */
export type OpenApiV3 = (
  served: readonly ServedResource[],
  options: { group: string; version: string; serverVersion: string },
) => JsonObject
/** The one document at `/openapi/v2`, all kinds together. */
export type OpenApiV2 = (served: readonly ServedResource[], options: { serverVersion: string }) => JsonObject
/** `/openapi/v3`: paths to the documents; each hash is of the document's text. */
export type OpenApiV3Index = (documents: ReadonlyMap<string, string>) => JsonObject
