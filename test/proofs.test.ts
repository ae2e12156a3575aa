import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

/**
 * Pages that say which test proves what: `[title of the test](../controller/x.test.ts)`. Each file that they name is there, and holds a
 * test of that title, or a row of one.
 */
const root = path.resolve(import.meta.dirname, '..')
const pages = globSync('docs/{komodo-vectors,hostile-input,secrets,seeds}.md', { cwd: root })

interface Proof {
  title: string
  file: string
}

const proofsOf = (text: string): Proof[] =>
  [...text.matchAll(/\[((?:[^\][]|\[\[|\]\])+)\]\(\.\.\/([^)\s]+\.ts)\)/g)].map(([, title = '', file = '']) => ({
    title,
    file,
  }))

/** Text without what differs between Markdown, TypeScript and people's habits: quotes, spaces, line ends, escapes. */
const bare = (text: string): string => text.replaceAll(/\\+n/g, '').replaceAll(/[`'"\\\s]+/g, '')

const texts = new Map<string, string>()
function textOf(file: string): string {
  let text = texts.get(file)
  if (text === undefined) {
    const place = path.join(root, file)
    text = existsSync(place) ? bare(readFileSync(place, 'utf8')) : ''
    texts.set(file, text)
  }
  return text
}

describe('a page that names proofs', () => {
  it.each(pages)('%s names tests that there are', (page) => {
    const proofs = proofsOf(readFileSync(path.join(root, page), 'utf8'))
    expect(proofs.length).toBeGreaterThan(10)
    const missing = proofs.filter(({ title, file }) => title === '' || !textOf(file).includes(bare(title)))
    expect(missing).toEqual([])
  })

  it('does not take any title for one', () => {
    expect(proofsOf('[a `[[b]]`](../test/proofs.test.ts)')).toEqual([
      { title: 'a `[[b]]`', file: 'test/proofs.test.ts' },
    ])
    expect(textOf('test/proofs.test.ts')).not.toContain(bare(['no', 'such', 'title'].join(' ')))
  })
})

describe('docs/komodo-vectors.md', () => {
  const page = readFileSync(path.join(root, 'docs/komodo-vectors.md'), 'utf8')
  const rowsOf = (heading: string): string[] =>
    (page.split(`## ${heading}`)[1]?.split('\n## ')[0] ?? '').split('\n').filter((line) => proofsOf(line).length > 0)

  it('has a proof against each weakness of syncs and interpolation', () => {
    const numbers = new Set(rowsOf('Weaknesses').map((row) => Number(/^\| (\d+) /.exec(row)?.[1])))
    expect(Array.from({ length: 17 }, (_, i) => i + 1).filter((number) => !numbers.has(number))).toEqual([])
  })

  it('has a proof against each incident of syncs', () => {
    const incidents = [
      'K#676',
      'K#336',
      'K#419',
      'K#845',
      'K#672',
      'K#855',
      'K#1316',
      'K#999',
      'deploy-gotify-alerter#3',
    ]
    const more = ['K#1381', 'K#944', 'K#773', 'K#1080', 'K#1209', 'K#644']
    const rows = rowsOf('Incidents').join('\n')
    expect([...incidents, ...more].filter((incident) => !rows.includes(incident))).toEqual([])
  })
})

/** The reference of Komodo's behaviour, beside the project when there is one: how many cells of a row say what goes in. */
const reference = path.join(root, '../shared/reference/komodo-behaviour.md')
const inputCells: Readonly<Record<string, number>> = {
  '1.2': 2,
  '2.3': 2,
  '2.4': 1,
  '2.6': 2,
  '2.8': 1,
  '2.9': 1,
  '2.11': 2,
  '2.12': 1,
  '3.6': 1,
  '4.4': 1,
  '5.1': 1,
  '5.2': 1,
  '6.1': 1,
  '9.5': 1,
  '16.2': 1,
}

/** Rows of what a later version does: builds are not run yet. */
const later = /push during a build/

/** Rows of the vector tables by section. In §6.1 the only table is one of vectors, elsewhere they stand below a **V**. */
function* vectorRows(text: string): Generator<{ section: string; cells: string[] }> {
  let section = ''
  let inVectors = false
  for (const line of text.split('\n')) {
    const heading = /^## (\d+\.\d+) (.*)/.exec(line)
    if (heading) {
      section = heading[1] ?? ''
      inVectors = section === '6.1' || heading[2]?.startsWith('V: ') === true
    }
    if (line.startsWith('**V')) inVectors = true
    else if (line.startsWith('**')) inVectors = false
    if (!inVectors || !line.startsWith('| ')) continue
    const cells = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim())
    if (
      !/^(Kind|Root contents|TOML|Existing|Situation|TOML target|Sync|Declared|Input|Line|Text|Request)\b/.test(
        cells[0] ?? '',
      )
    )
      yield { section, cells }
  }
}

describe.skipIf(!existsSync(reference))('every vector of the reference', () => {
  const rows = existsSync(reference) ? [...vectorRows(readFileSync(reference, 'utf8'))] : []
  const page = readFileSync(path.join(root, 'docs/komodo-vectors.md'), 'utf8')
  /** The text of the tests that the page names for a section. */
  const testsOf = (section: string): string => {
    const row = page.split('\n').find((line) => line.startsWith(`| ${section} `)) ?? ''
    return proofsOf(row)
      .map(({ file }) => textOf(file))
      .join('\n')
  }

  it.each(Object.entries(inputCells))('%s stands in a test that docs/komodo-vectors.md names', (section, inputs) => {
    const here = rows.filter((row) => row.section === section)
    expect(here.length).toBeGreaterThan(3)
    const tests = testsOf(section)
    const missing = here.filter(
      ({ cells }) =>
        !later.test(cells[0] ?? '') &&
        !cells.slice(0, inputs).every((cell) => tests.includes(bare(cell.replaceAll(/( \/)+ /g, ' ')))),
    )
    expect(missing.map(({ cells }) => cells.join(' | '))).toEqual([])
  })
})
