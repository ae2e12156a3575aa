import { StringDecoder } from 'node:string_decoder'

/** Beyond it a stream is not Kubernetes: no object is larger than a few MiB. */
const LONGEST_LINE = 32 * 1024 * 1024

/** Cuts a stream into lines, whatever the size of its chunks; a last line without a line break counts. */
export async function* splitLines(chunks: AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  // Parts of a line that is not whole yet, so that a long one is joined once.
  let parts: string[] = []
  let length = 0
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : decoder.write(chunk)
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      parts.push(text.slice(start, end))
      yield parts.length === 1 ? parts[0]! : parts.join('')
      parts = []
      length = 0
      start = end + 1
    }
    if (start < text.length) {
      parts.push(text.slice(start))
      length += text.length - start
      if (length > LONGEST_LINE) throw new Error(`a line of the answer is longer than ${LONGEST_LINE} characters`)
    }
  }
  const rest = parts.join('') + decoder.end()
  if (rest !== '') yield rest
}
