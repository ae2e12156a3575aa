import { type Provider, providers } from './providers.ts'

/** What the path of a webhook asks for. */
export interface Route {
  readonly provider: Provider
  /** One object, or all that follow the repository that was pushed to. */
  readonly target: OneTarget | 'followers'
}

export interface OneTarget {
  readonly resource: Resource
  /** Komodo name, `metadata.name`, or `namespace:name`. */
  readonly id: string
  readonly action: Action
  /** Only pushes to this branch count; `undefined`: those to the branch that the object itself follows. */
  readonly branch?: string
}

export type Resource = 'sync' | 'stack' | 'repo' | 'build' | 'procedure' | 'action'
export type Action = 'look' | 'deploy' | 'run'

/** As a branch in the path: all of them. */
export const ANY_BRANCH = '__ANY__'

/** What may follow the id, by resource, as Komodo spells it; the last segments may name a branch instead. */
const actions: Readonly<Record<Resource, Readonly<Record<string, Action>> | 'branch'>> = {
  sync: { sync: 'look', refresh: 'look' },
  stack: { deploy: 'deploy', refresh: 'look' },
  repo: { pull: 'look', clone: 'look', build: 'run' },
  // Komodo's documentation has `/build/{id}/build`, its router `/build/{id}`.
  build: { '': 'run', build: 'run' },
  procedure: 'branch',
  action: 'branch',
}

/** `/listener/{provider}/push` or `/listener/{provider}/{resource}/{id}/{action or branch}`. `undefined`: there is no such path. */
export function parseRoute(url: string): Route | undefined {
  const segments = segmentsOf(url)
  if (segments === undefined || segments[0] !== 'listener') return undefined
  const [, name = '', resource = '', id = '', ...rest] = segments
  const provider = providers.get(name)
  if (provider === undefined) return undefined
  if (resource === 'push' && segments.length === 3) return { provider, target: 'followers' }
  if (!isResource(resource) || id === '') return undefined
  const last = rest.join('/')
  const known = actions[resource]
  if (known === 'branch')
    return last === '' ? undefined : { provider, target: { resource, id, action: 'run', branch: last } }
  const action = Object.hasOwn(known, last) ? known[last] : undefined
  return action === undefined ? undefined : { provider, target: { resource, id, action } }
}

const isResource = (text: string): text is Resource => Object.hasOwn(actions, text)

function segmentsOf(url: string): string[] | undefined {
  const path = url.split('?', 1)[0] ?? ''
  try {
    return path
      .replace(/^\/+|\/+$/g, '')
      .split('/')
      .map(decodeURIComponent)
  } catch {
    return undefined
  }
}
