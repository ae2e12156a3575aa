import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

const root = path.resolve(import.meta.dirname, '..')

const isTest = (file: string): boolean => /\.(test|fixture)\.ts$/.test(file) || file.includes('/testkit/')
const sources = globSync('{controller,periphery,standalone,cli}/**/*.ts', { cwd: root }).filter((file) => !isTest(file))

/** What a file imports: files of ours by their path from the root, and packages by their name; of packages only what is there when it runs. */
const importsOf = new Map(
  sources.map((file) => {
    const text = readFileSync(path.join(root, file), 'utf8')
    const found = text.matchAll(/(^import type [^'\n]*)?(?:\bfrom |^import |\bimport\()'([^'\n]+)'\)?/gm)
    const imports = [...found].map(([, typeOnly, name = '']) => ({ name, typeOnly: typeOnly !== undefined }))
    const own = imports.map(({ name }) => name).filter((name) => name.startsWith('.'))
    const packages = imports
      .filter(({ name, typeOnly }) => !typeOnly && !name.startsWith('.') && !name.startsWith('node:'))
      .map(({ name }) => name)
    const files = own.map((name) => path.join(path.dirname(file), name)).filter((name) => name.endsWith('.ts'))
    return [file, { files, packages: packages.map(packageOf) }] as const
  }),
)

function packageOf(name: string): string {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/')
}

/** `place` is a folder or a file. */
const isIn = (file: string, place: string): boolean => file === place || file.startsWith(`${place}/`)

const api = 'controller/api'
const json = 'controller/json.ts'

/**
 * The rooms, and what each may import of the others. What else stands in `controller/` itself puts them together and may import all.
 * Nobody imports it, but for the version.
 */
const rooms: Readonly<Record<string, readonly string[]>> = {
  [api]: [],
  [json]: [],
  'controller/text': [],
  'controller/git': ['controller/kube/node-http.ts', 'controller/text/whole-lines.ts'],
  'controller/sops': [],
  'controller/toml': [api, json, 'controller/text'],
  'controller/kube': [api, 'standalone/api.ts'],
  'controller/engine': [api, 'controller/kube', 'controller/status', 'controller/text/mask.ts'],
  // Of git only what a remote is called; nothing is fetched.
  'controller/webhooks': [api, json, 'controller/engine', 'controller/git/remote.ts', 'controller/kube'],
  'controller/status': [api, 'controller/kube'],
  'controller/sync': [api, json, 'controller/git', 'controller/kube', 'controller/toml'],
  'controller/hosts': [api, 'controller/engine/errors.ts', 'controller/git/tree.ts', 'periphery/agent.ts'],
  'controller/reconcilers': [
    api,
    json,
    'controller/engine',
    'controller/git',
    'controller/hosts/labels.ts',
    'controller/hosts/port.ts',
    'controller/kube',
    'controller/sops',
    'controller/status',
    'controller/sync',
    'controller/text',
    'controller/toml',
  ],
  periphery: [
    'controller/hosts/port.ts',
    'controller/hosts/labels.ts',
    'controller/git/written-files.ts',
    'controller/text',
  ],
  // The object model of Kubernetes, as types; nothing of Komodo.
  standalone: ['controller/api/meta.ts'],
  cli: [
    api,
    'controller/git',
    'controller/kube',
    'controller/sync',
    'controller/text',
    'controller/toml',
    'controller/version.ts',
  ],
}

/** Which room may use which dependency; `yaml` is used where Kubernetes speaks YAML. */
const homes: Readonly<Record<string, readonly string[]>> = {
  '@kubernetes/client-node': ['controller/kube'],
  'age-encryption': ['controller/sops'],
  '@peculiar/x509': ['standalone/tls'],
  commander: ['cli'],
  diff: ['controller/sync'],
  dockerode: ['periphery'],
  pino: ['controller/logging.ts'],
  'prom-client': ['controller/engine'],
  'reflect-metadata': ['standalone/tls'],
  'simple-git': ['controller/git'],
  'smol-toml': ['controller/toml'],
  'toml-eslint-parser': ['controller/toml'],
  yaml: ['controller', 'standalone', 'cli'],
}

describe('imports point one way', () => {
  it.each(Object.entries(rooms))('%s imports only what it may', (room, others) => {
    const files = sources.filter((file) => isIn(file, room))
    expect(files).not.toEqual([])
    const strays = files.flatMap((file) =>
      (importsOf.get(file)?.files ?? [])
        .filter((target) => ![room, ...others].some((place) => isIn(target, place)))
        .map((target) => `${file} imports ${target}`),
    )
    expect(strays).toEqual([])
  })

  it('every file is in a room, or puts the rooms together', () => {
    const homeless = sources.filter(
      (file) => path.dirname(file) !== 'controller' && !Object.keys(rooms).some((room) => isIn(file, room)),
    )
    expect(homeless).toEqual([])
  })

  it('no file leads back to itself', () => {
    expect(findCircle()).toBeUndefined()
  })
})

describe('dependencies', () => {
  it('are used where they belong, and nowhere else', () => {
    const strays = sources.flatMap((file) =>
      (importsOf.get(file)?.packages ?? [])
        .filter((name) => !homes[name]?.some((home) => isIn(file, home)))
        .map((name) => `${file} imports ${name}`),
    )
    expect(strays).toEqual([])
  })

  it('are those of package.json: each is used, each that is used is declared', () => {
    const used = new Set([...importsOf.values()].flatMap(({ packages }) => packages))
    expect([...used].sort()).toEqual(Object.keys(manifest.dependencies).sort())
  })
})

it('nobody imports node:http but for its types: that loads a whole browser-like client as well', () => {
  const importers = sources.filter((file) =>
    /^import (?!type )[^'\n]*'node:http'/m.test(readFileSync(path.join(root, file), 'utf8')),
  )
  expect(importers).toEqual([])
})

it('the environment is read where a process starts, and handed on from there', () => {
  const readers = sources.filter((file) => readFileSync(path.join(root, file), 'utf8').includes('process.env'))
  expect(readers.sort()).toEqual(['cli/main.ts', 'controller/process.ts'])
})

/** A way from a file over imports back to it. */
function findCircle(): string[] | undefined {
  const done = new Set<string>()
  const visit = (file: string, way: readonly string[]): string[] | undefined => {
    const start = way.indexOf(file)
    if (start >= 0) return [...way.slice(start), file]
    if (done.has(file)) return undefined
    for (const next of importsOf.get(file)?.files ?? []) {
      const circle = visit(next, [...way, file])
      if (circle !== undefined) return circle
    }
    done.add(file)
    return undefined
  }
  for (const file of sources) {
    const circle = visit(file, [])
    if (circle !== undefined) return circle
  }
  return undefined
}
