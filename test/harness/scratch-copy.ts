import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')

/** What somebody has who cloned the project, without what tests bring. */
const copied = [
  'cli',
  'controller',
  'crds',
  'docs',
  'periphery',
  'scripts',
  'standalone',
  'package.json',
  'tsconfig.json',
]

export interface ScratchCopy {
  directory: string
  /** Runs a file of it; its output. Throws with what it complained of. */
  run(file: string, ...args: string[]): string
  /** Runs a module that is given as text; what it printed, as JSON. */
  evaluate(source: string): unknown
  remove(): void
}

/** A copy of the project to try changes on. */
export function scratchCopy(): ScratchCopy {
  const directory = mkdtempSync(path.join(tmpdir(), 'komodo-scratch-'))
  for (const name of copied) cpSync(path.join(root, name), path.join(directory, name), { recursive: true })
  symlinkSync(path.join(root, 'node_modules'), path.join(directory, 'node_modules'))
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
    return stdout
  }
  return {
    directory,
    run,
    evaluate(source) {
      const file = path.join(directory, 'scratch.ts')
      writeFileSync(file, source)
      return JSON.parse(run(file))
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** The line that CONTRIBUTING.md shows, put into the file that it names. */
export function addFieldOfContributing({ directory }: ScratchCopy): { file: string; line: string } {
  const page = readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8')
  const section = page.slice(page.indexOf('## Adding a field to a kind'), page.indexOf('## Adding a kind'))
  const line = /```ts\n(.*)\n```/.exec(section)?.[1] ?? ''
  const name = /One line in `spec` of `([\w-]+\.ts)`/.exec(section)?.[1] ?? ''
  const file = path.join(directory, 'controller/api/v1alpha1', name)
  const text = readFileSync(file, 'utf8')
  const spec = 'const spec = Type.Object({\n'
  if (line === '' || !text.includes(spec))
    throw new Error('CONTRIBUTING.md shows no line, or names a file without spec')
  writeFileSync(
    file,
    text.replace(spec, () => `${spec}${line}\n`),
  )
  return { file, line }
}
