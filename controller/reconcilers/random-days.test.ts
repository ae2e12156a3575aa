import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { composeFile, deployment, repo, server, stack } from '../../test/build/objects.ts'
import { ProcessDied, World } from '../../test/build/world.ts'
import { annotation } from '../api/names.ts'

/**
 * Days on which everything is declared, changed, moved, renamed, asked for and deleted while images are missing, containers end, hosts go
 * away and the process dies. Whatever happened: once all is well, exactly what is declared runs, each where it belongs and nothing twice,
 * and then nothing is written and no command is run any more.
 */

const url = 'https://github.com/acme/clone'
const hosts = ['local', 'other'] as const
const kinds = { web: 'Deployment', api: 'Deployment', shop: 'Stack', blog: 'Stack' } as const
type Name = keyof typeof kinds

const name = fc.constantFrom(...(Object.keys(kinds) as Name[]))
const host = fc.constantFrom(...hosts)
const edit = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('declare' as const),
      name,
      host,
      image: fc.constantFrom('good:1', 'good:2', 'missing:1', 'exits:1', 'sick:1'),
      suffix: fc.constantFrom('', 'x', 'y'),
      deploy: fc.constantFrom(true, true, false),
      after: fc.option(name, { nil: undefined }),
    }),
  },
  fc.record({
    what: fc.constant('clone' as const),
    on: fc.constantFrom(...hosts, ''),
    path: fc.constantFrom('', 'sub', '/srv/clone'),
    revision: fc.constantFrom('c1', 'c2'),
  }),
  fc.record({ what: fc.constantFrom('ask' as const, 'ask for changes' as const, 'delete' as const), name }),
)
const step = fc.oneof(
  { weight: 6, arbitrary: edit },
  fc.record({ what: fc.constantFrom('host away or back' as const, 'server on or off' as const), host }),
  fc.record({ what: fc.constantFrom('docker rm' as const, 'exit' as const), host, which: fc.nat(5), code: fc.nat(1) }),
  fc.record({ what: fc.constant('die' as const), write: fc.nat(3), edits: fc.array(edit, { maxLength: 2 }) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

let world: World
/** What is edited between the death of the process and the start of the next. */
let meanwhile: readonly Step[] = []
afterEach(() => world.close())

function begin(): World {
  const begun = new World()
  for (const at of hosts) {
    const { engine } = begun.host(at)
    engine.missingImages.add('missing:1')
    engine.images.set('exits:1', { exits: 1 })
    engine.images.set('sick:1', { health: { becomes: 'unhealthy', afterMs: 1_000 } })
  }
  begun.put(server('local'), server('other'))
  push(begun, 'c1')
  return begun
}

const push = (to: World, revision: string) =>
  to.repositories.set(url, { revision, read: async () => undefined, writeTo: async () => {} })

const isThere = (what: Name) => world.get(kinds[what], what) !== undefined

type Declaration = Omit<Extract<Step, { what: 'declare' }>, 'what' | 'image'> & { image: string }

function declare({ name, host, image, suffix, deploy, after }: Declaration): void {
  const common = { server: host, deploy, after: after === undefined ? [] : [after] }
  const other = suffix === '' ? '' : `${name}${suffix}`
  if (kinds[name] === 'Stack') {
    const spec = { ...common, projectName: other, fileContents: composeFile({ main: { image } }) }
    if (isThere(name)) world.editSpec('Stack', name, spec)
    else world.put(stack(name, spec))
  } else {
    const spec = { ...common, customName: other }
    if (!isThere(name)) world.put(deployment(name, { ...spec, image }))
    else world.editSpec('Deployment', name, { ...spec, image: { type: 'Image', params: { image } } })
  }
}

function take(step: Step): void {
  switch (step.what) {
    case 'declare':
      declare(step)
      return
    case 'clone':
      push(world, step.revision)
      if (world.get('Repo', 'clone')) world.editSpec('Repo', 'clone', { server: step.on, path: step.path })
      else world.put(repo('clone', { server: step.on, path: step.path }))
      return
    case 'ask':
    case 'ask for changes': {
      const key = step.what === 'ask' ? annotation.deployRequestedAt : annotation.deployChangesRequestedAt
      if (isThere(step.name)) world.annotate(kinds[step.name], step.name, { [key]: `${world.clock.now()}` })
      return
    }
    case 'delete':
      if (isThere(step.name)) world.delete(kinds[step.name], step.name)
      return
    case 'host away or back': {
      const at = world.host(step.host)
      at.unreachable = !at.unreachable
      if (at.unreachable) at.breakEvents()
      return
    }
    case 'server on or off':
      world.edit('Server', step.host, ({ spec }) => {
        const settings = spec as { enabled: boolean }
        settings.enabled = !settings.enabled
      })
      return
    case 'docker rm':
    case 'exit': {
      const { engine } = world.host(step.host)
      const container = engine.names[step.which]
      if (container === undefined || world.host(step.host).unreachable) return
      if (step.what === 'exit') engine.exit(container, step.code)
      else void engine.remove(container)
      return
    }
    case 'die':
      world.dieAtWrite = world.writes + step.write
      meanwhile = step.edits
  }
}

async function live(ms: number): Promise<void> {
  try {
    await world.advance(ms)
  } catch (error) {
    if (!(error instanceof ProcessDied)) throw error
    const tree = world.repositories.get(url)
    world = new World(world)
    push(world, tree?.revision ?? 'c1')
    for (const edit of meanwhile) take(edit)
    await world.converge()
  }
}

/** The hosts answer, the images are there, and everything shall run. */
function allIsWell(): void {
  world.dieAtWrite = Number.POSITIVE_INFINITY
  for (const at of hosts) {
    world.host(at).unreachable = false
    world.editSpec('Server', at, { enabled: true })
  }
  for (const name of Object.keys(kinds) as Name[]) {
    const object = world.get(kinds[name], name)
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) continue
    const { server: at } = object.spec as { server: (typeof hosts)[number] }
    const { projectName = '', customName = projectName } = object.spec as { projectName?: string; customName?: string }
    const suffix = customName.slice(name.length) as '' | 'x' | 'y'
    declare({ name, host: at, image: 'good:9', suffix, deploy: true, after: undefined })
  }
}

const seen = () => ({
  containers: hosts.map((at) => world.host(at).engine.names.toSorted()),
  clones: hosts.map((at) => [...world.host(at).repos.keys()]),
  notReady: [...Object.keys(kinds), 'clone'].filter((name) => {
    const kind = name === 'clone' ? 'Repo' : kinds[name as Name]
    const { metadata, status } = world.get(kind, name) ?? {}
    const { leftovers, rollout } = (status ?? {}) as { leftovers?: unknown; rollout?: unknown }
    const isDone = world.ready(kind, name) === 'True' && leftovers === undefined && rollout === undefined
    return metadata !== undefined && !isDone
  }),
})

function declared() {
  const names = (at: string) =>
    (Object.keys(kinds) as Name[]).flatMap((name) => {
      const spec = world.get(kinds[name], name)?.spec as Record<string, string> | undefined
      if (spec?.server !== at) return []
      return kinds[name] === 'Stack' ? `${spec.projectName || name}-main-1` : spec.customName || name
    })
  const { server: on, path = '' } = (world.get('Repo', 'clone')?.spec ?? {}) as { server?: string; path?: string }
  const clone = path.startsWith('/') ? path : ['/repos/clone', path].filter(Boolean).join('/')
  return {
    containers: hosts.map((at) => names(at).toSorted()),
    clones: hosts.map((at) => (at === on ? [clone] : [])),
    notReady: [],
  }
}

describe('a day on which anything may happen', () => {
  it('ends with what is declared and nothing else, and then all is quiet', async () => {
    const day = fc.array(fc.tuple(step, fc.constantFrom(0, 500, 5_000, 70_000)), { minLength: 4, maxLength: 14 })
    await fc.assert(
      fc.asyncProperty(day, async (steps) => {
        world?.close()
        world = begin()
        for (const [next, ms] of steps) {
          take(next)
          await live(ms)
        }
        allIsWell()
        await world.advance(40 * 60_000)
        expect(seen()).toEqual(declared())
        const before = [world.writes, world.hosts.commandCount]
        await world.advance(15 * 60_000)
        expect([world.writes, world.hosts.commandCount]).toEqual(before)
      }),
      { numRuns: 60 },
    )
  }, 120_000)
})
