/**
 * The API server as a function: one request in, one answer out. The TLS listener and the in-process transport both call it,
 * so there is one behaviour to test.
 */
export type ApiHandler = (request: ApiRequest) => Promise<ApiResponse>

export interface ApiRequest {
  method: string
  /** Path and query as on the wire. */
  url: string
  /** Header names in lower case. */
  headers: Record<string, string>
  body?: Uint8Array | string
  /** Who asks, after authentication. */
  user: UserInfo
  signal: AbortSignal
}

/** authentication.k8s.io UserInfo. */
export interface UserInfo {
  username: string
  uid?: string
  groups: readonly string[]
  extra?: Readonly<Record<string, readonly string[]>>
}

export type ApiResponse =
  | { status: number; headers: Record<string, string>; body: string | Uint8Array }
  /** A watch: each chunk is one or more whole lines. The handler ends it; the caller may abort `request.signal`. */
  | { status: number; headers: Record<string, string>; stream: AsyncIterable<string> }
