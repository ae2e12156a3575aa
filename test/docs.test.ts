import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { kinds } from '../controller/api/v1alpha1/kinds.ts'
import { read } from '../controller/toml/read.ts'

const root = path.resolve(import.meta.dirname, '..')
const pages = globSync(['*.md', 'docs/*.md', 'docs/adr/*.md', 'test/conformance/README.md'], { cwd: root })
const rooms = ['charts', 'cli', 'controller', 'crds', 'docs', 'examples', 'periphery', 'scripts', 'standalone', 'test']
const places = globSync(`{${rooms.join(',')}}/**/*`, { cwd: root }).concat(rooms)

/** Files (`frame.ts`) and folders (`store/`, `controller/git`) that a page names. `<kind>` and the like stand for many. */
const named = (text: string): string[] =>
  [...text.matchAll(/`([\w./-]+)`/g)]
    .map(([, name = '']) => name)
    .filter((name) => /\.(ts|sh)$/.test(name) || (/^[\w/-]+$/.test(name) && (name.endsWith('/') || isOfARoom(name))))

const isOfARoom = (name: string): boolean => name.includes('/') && rooms.includes(name.slice(0, name.indexOf('/')))

const isThere = (name: string): boolean => {
  const place = name.replace(/\/$/, '')
  return places.some((one) => one === place || one.endsWith(`/${place}`))
}

describe('what the documentation names exists', () => {
  it.each(pages)('%s: files and folders', (page) => {
    expect(named(readFileSync(path.join(root, page), 'utf8')).filter((name) => !isThere(name))).toEqual([])
  })

  it.each(pages)('%s: links', (page) => {
    const links = [...readFileSync(path.join(root, page), 'utf8').matchAll(/\]\(([^)#:]+)\)/g)].map(([, to = '']) => to)
    expect(links.filter((to) => !existsSync(path.join(root, path.dirname(page), to)))).toEqual([])
  })

  it('looks at something', () => {
    expect(named(readFileSync(path.join(root, 'docs/flow.md'), 'utf8')).length).toBeGreaterThan(30)
    expect(isThere('controller/no-such-file.ts')).toBe(false)
  })
})

describe('TOML in the documentation', () => {
  const tables = kinds.flatMap(({ toml }) => (toml === undefined ? [] : [`[[${toml.table}]]`]))
  const blocks = pages.flatMap((page) =>
    [...readFileSync(path.join(root, page), 'utf8').matchAll(/^```toml\n(.*?)^```/gms)]
      .map(([, text = ''], i) => ({ path: `${page} ${i + 1}`, text }))
      .filter(({ text }) => tables.some((table) => text.includes(table))),
  )

  it.each(blocks)('$path is read without an error or a warning', (block) => {
    expect(read([block]).diagnostics).toEqual([])
  })

  it('is there', () => expect(blocks.length).toBeGreaterThan(2))
})

describe('decisions', () => {
  const decisions = globSync('*.md', { cwd: path.join(root, 'docs/adr') }).sort()

  it('are numbered one after the other, and say their number', () => {
    const numbers = decisions.map((name, i) => [Number(name.slice(0, 4)), i + 1] as const)
    for (const [number, place] of numbers) expect(number).toBe(place)
    for (const name of decisions) {
      const [heading] = readFileSync(path.join(root, 'docs/adr', name), 'utf8').split('\n', 1)
      expect(heading).toMatch(new RegExp(`^# ${Number(name.slice(0, 4))}\\. `))
    }
  })
})
