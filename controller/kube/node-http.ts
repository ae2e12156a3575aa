import type * as Http from 'node:http'

/**
 * Node's http module. An `import` of it would also load the fetch and the WebSocket that it hands on, which nobody here uses: 12 MiB of
 * a process, and 35 ms of each start.
 */
export const http: typeof Http = process.getBuiltinModule('node:http')
