import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { askOverHttp } from './http-heads.ts'

it('attack: a list of branches without end is left at its limit, and git is not set on it', async () => {
  const line = `${'a'.repeat(40)} refs/heads/${'x'.repeat(900)}\n`
  const chunk = `${(line.length + 4).toString(16).padStart(4, '0')}${line}`.repeat(1_000)
  let sent = 0
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
    const pump = (): void => {
      do sent += chunk.length
      while (!response.destroyed && response.write(chunk))
    }
    response.on('drain', pump)
    pump()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a/b`
  const asked = askOverHttp({ url, branch: 'main', commit: '' }, { maxBytes: 10_000_000, timeoutMs: 60_000 })
  await expect(asked).rejects.toMatchObject({
    reason: 'TooLarge',
    message: expect.stringContaining(`${url} lists more`),
  })
  expect(sent).toBeLessThan(100_000_000)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
