/**
 * A folder of TOML files, read from disk, parsed, checked and planned against nothing, once, as a fresh process does it.
 * `files.ts [BLOCKS ...]`, default 1,000, 10,000 and 50,000, five blocks a file (ten of the most); each size runs in a process of its own.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parse } from 'smol-toml'
import { loadDeclarations } from '../../cli/declarations.ts'
import { planOffline } from '../../cli/offline-plan.ts'
import { nodeEnvironment, nodeFlags } from '../../controller/memory.ts'
import { stackFiles } from './corpus.ts'
import { report } from './report.ts'

const run = async (blocks: number): Promise<void> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'komodo-files-'))
  const files = stackFiles(blocks, 50, blocks > 10_000 ? 10 : 5)
  for (const { path: name, text } of files) writeFileSync(path.join(folder, name), text)
  const texts = files.map(({ text }) => text)
  const started = performance.now()
  const parsed = await loadDeclarations(folder, folder, new AbortController().signal)
  const plan = planOffline(parsed)
  const ms = performance.now() - started
  const peak = Math.round(process.resourceUsage().maxRSS / 1024)
  if (plan.summary.create !== blocks + 50) throw new Error('not everything was planned')
  const bareStarted = performance.now()
  for (const text of texts) parse(text)
  const bare = performance.now() - bareStarted
  report(
    `${blocks} blocks in ${files.length} files, read, checked and planned (x: smol-toml alone)`,
    `${ms.toFixed(0)} ms`,
    ms / bare,
  )
  report('  a block', `${((ms * 1_000) / blocks).toFixed(0)} µs`)
  report('  most memory at a time', `${peak} MiB`)
  rmSync(folder, { recursive: true, force: true })
}

const sizes = process.argv.slice(2)
if (sizes[0] === '--run') await run(Number(sizes[1]))
else {
  for (const size of sizes.length === 0 ? ['1000', '10000', '50000'] : sizes) {
    const { status } = spawnSync(process.execPath, [...nodeFlags, import.meta.filename, '--run', size], {
      stdio: 'inherit',
      env: { ...nodeEnvironment, ...process.env },
    })
    if (status !== 0) process.exit(1)
  }
}
