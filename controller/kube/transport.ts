/** What `KubeClient` needs from below: one HTTP exchange, over sockets or within the process. */
export interface Transport {
  /** The whole answer as text, whatever its status code. */
  request(request: TransportRequest): Promise<TransportResponse>
  /** A watch: the answer's lines as they come. A status other than 200 comes back with the body as its only line. */
  stream(request: TransportRequest): Promise<TransportStream>
  close(): Promise<void>
}

export interface TransportRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query, for example `/apis/komodo.dev/v1alpha1/stacks?limit=500`. */
  path: string
  headers: Record<string, string>
  body?: string
  signal?: AbortSignal
}

export interface TransportResponse {
  status: number
  headers: Record<string, string>
  body: string
}

export interface TransportStream {
  status: number
  lines: AsyncIterable<string>
}
