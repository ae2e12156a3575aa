import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitLines } from './lines.ts'

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0
  for (const size of sizes) {
    yield bytes.subarray(start, start + size)
    start += size
  }
  yield bytes.subarray(start)
}

describe('lines of a stream', () => {
  it('are the same however the bytes are cut, within characters too', async () => {
    const line = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n') && text.isWellFormed())
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 7 })),
        async (lines, sizes) => {
          const bytes = new TextEncoder().encode(lines.map((each) => `${each}\n`).join(''))
          expect(await Array.fromAsync(splitLines(chunksOf(bytes, sizes)))).toEqual(lines)
        },
      ),
    )
  })

  it('count a last one without a line break', async () => {
    expect(await Array.fromAsync(splitLines(chunksOf(new TextEncoder().encode('a\nb'), [1])))).toEqual(['a', 'b'])
  })
})
