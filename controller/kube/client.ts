import type { KubeObject, ObjectKey, ResourceType } from '../api/meta.ts'

/**
 * The one way to a Kubernetes API. On a cluster its transport is sockets, standalone it is a function call in the same
 * process; verbs, errors and tests are the same.
 *
 * Every call rejects with `ApiError` when the API answers a Status other than success, with `signal.reason` when aborted,
 * and with the transport's own error when nothing answered.
 */
export interface KubeClient {
  get<T extends KubeObject>(type: ResourceType, key: ObjectKey, options?: CallOptions): Promise<T>
  list<T extends KubeObject>(type: ResourceType, options?: ListOptions): Promise<KubeList<T>>
  /** Ends when the server closes the stream; an ERROR event is thrown as `ApiError`. Reconnecting is the caller's work. */
  watch<T extends KubeObject>(type: ResourceType, options: WatchOptions): AsyncIterable<WatchEvent<T>>
  create<T extends KubeObject>(type: ResourceType, object: NewObject<T>, options?: WriteOptions): Promise<T>
  /** Replaces; `metadata.resourceVersion` in the object makes it conditional. */
  update<T extends KubeObject>(type: ResourceType, object: T, options?: WriteOptions): Promise<T>
  patch<T extends KubeObject>(type: ResourceType, key: ObjectKey, patch: Patch, options?: WriteOptions): Promise<T>
  delete(type: ResourceType, key: ObjectKey, options?: DeleteOptions): Promise<void>
}

export type NewObject<T extends KubeObject> = Omit<T, 'status'> & { status?: T['status'] }

export type Patch =
  | { type: 'json'; operations: readonly JsonPatchOperation[] }
  | { type: 'merge'; body: unknown }
  /** Server-side apply. `force` takes over fields that others own; without it they are a 409. */
  | { type: 'apply'; body: unknown; force?: boolean }

export type JsonPatchOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: unknown }
  | { op: 'remove'; path: string }

export interface CallOptions {
  signal?: AbortSignal
}

export interface ListOptions extends CallOptions {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  /** Page size; the client follows `continue` until the list is whole. */
  limit?: number
  resourceVersion?: string
}

export interface WatchOptions extends CallOptions {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  resourceVersion: string
  /** The server closes the watch after so long. */
  timeoutSeconds?: number
}

export interface WriteOptions extends CallOptions {
  fieldManager?: string
  subresource?: 'status'
  dryRun?: boolean
}

export interface DeleteOptions extends CallOptions {
  preconditions?: { uid?: string; resourceVersion?: string }
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
}

export interface KubeList<T> {
  items: T[]
  resourceVersion: string
}

export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; resourceVersion: string }

/** A `Status` answer of the API (meta/v1 Status). */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: number
  readonly reason: string
  readonly details: unknown

  constructor(status: { code: number; reason?: string; message?: string; details?: unknown }) {
    super(status.message ?? `the API answered ${status.code}`)
    this.code = status.code
    this.reason = status.reason ?? ''
    this.details = status.details
  }
}

/** The API cannot be reached, or says nothing. It concerns every request alike, and says nothing of what this one asked for. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
}

export const isForbidden = (error: unknown): error is ApiError => error instanceof ApiError && error.code === 403
export const isNotFound = (error: unknown): error is ApiError => error instanceof ApiError && error.code === 404
export const isAlreadyExists = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.code === 409 && error.reason === 'AlreadyExists'
export const isConflict = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.code === 409 && error.reason === 'Conflict'
/** The resourceVersion is too old to continue from: list again. */
export const isExpired = (error: unknown): error is ApiError => error instanceof ApiError && error.code === 410

/** What `get` answers, `undefined` when there is no such object. */
export const getOrUndefined = async <T extends KubeObject>(
  client: KubeClient,
  type: ResourceType,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<T | undefined> => {
  try {
    return await client.get<T>(type, key, { signal })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
