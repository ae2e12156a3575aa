// Writes until it is killed, and says on its standard output what was acknowledged. Started by store.crash.test.ts.
import { Store } from './store.ts'

const [file = '', writers = '8'] = process.argv.slice(2)
const store = new Store({ file, keepChanges: 2_000 })
let counter = 0
const write = async (writer: number): Promise<void> => {
  for (;;) {
    const value = counter++
    const path = `ns/${writer}-${value % 7}`
    const stored = await store.write((tx) => {
      const known = tx.get('things', path)
      const render = (revision: number): string => JSON.stringify({ revision, value })
      return known && value % 5 === 0 ? tx.remove('things', path, render) : tx.put('things', path, render)
    })
    process.stdout.write(`${stored.revision} ${path} ${value}\n`)
  }
}
await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)))
