import { join } from 'node:path'
import { SourceError } from '../../controller/git/errors.ts'
import { GitCache } from '../../controller/git/git-cache.ts'
import { gitEnvironment } from '../../controller/git/git-environment.ts'
import { GitProcess } from '../../controller/git/git-process.ts'
import { readDeclarationFiles } from '../../controller/sync/files.ts'
import { read } from '../../controller/toml/read.ts'

/**
 * A process of its own that does what a sync does with a source, so that its memory can be limited and measured:
 * `read-source-main.ts REPOSITORY DIRECTORY PATH...` prints one line of JSON.
 */
const [url = '', directory = '', ...resourcePath] = process.argv.slice(2)
const signal = AbortSignal.timeout(60_000)

const outcome = async (): Promise<object> => {
  const cache = new GitCache({
    directory: join(directory, 'git'),
    git: new GitProcess({ home: join(directory, 'home'), environment: gitEnvironment(process.env) }),
    allowLocal: true,
  })
  try {
    const tree = await cache.open({ url, branch: 'main', commit: '' }, signal)
    const { files, diagnostics } = await readDeclarationFiles(tree, resourcePath, signal)
    const { declarations, diagnostics: more } = read(files)
    const errors = [...diagnostics, ...more].filter(({ severity }) => severity === 'error')
    return { files: files.length, declarations: declarations.length, errors: errors.map(({ code }) => code) }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    return { errors: [error.reason], message: error.message }
  }
}

const started = performance.now()
const result = await outcome()
const { maxRSS } = process.resourceUsage()
process.stdout.write(`${JSON.stringify({ ...result, ms: performance.now() - started, peakMiB: maxRSS / 1024 })}\n`)
