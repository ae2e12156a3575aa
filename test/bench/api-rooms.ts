/** Time that the pure rooms of the standalone API take for one object of about 3 kB: `node test/bench/api-rooms.ts`. CPU time, one thread. */
import { serverSideApply } from '../../standalone/apply/apply.ts'
import { trackUpdate } from '../../standalone/apply/update.ts'
import type { Json, JsonObject } from '../../standalone/schema/contract.ts'
import { parseJson } from '../../standalone/schema/json.ts'
import { widget, widgetModel } from '../../standalone/schema/widget.fixture.ts'

const ROUNDS = 5000

const model = widgetModel()
const time = '2026-01-01T00:00:00Z'
const attrs = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key${i}`, `${'some value '.repeat(9)}${i}`]))
const ports = Array.from({ length: 10 }, (_, i) => ({ port: i + 1, note: 'a note on this port' }))
const text = JSON.stringify(
  widget({ size: 5, name: 'abc', attrs, ports, tags: ['a', 'b', 'c'] }, { labels: { app: 'x', tier: 'y' } }),
)
const read = (): JsonObject => JSON.parse(text) as JsonObject

const created = read()
model.decode(created)
model.applyDefaults(created)
const owners = trackUpdate({ model, old: undefined, object: created, manager: 'a', subresource: '', time })
const stored: JsonObject = {
  ...created,
  metadata: { ...(created.metadata as JsonObject), uid: 'u', managedFields: owners as unknown as Json },
}
const changed = structuredClone(stored)
;(changed.spec as JsonObject).size = 6
const applied = serverSideApply({
  model,
  live: undefined,
  applied: read(),
  manager: 'a',
  force: false,
  subresource: '',
  time,
}).object
const next = read()
;(next.spec as JsonObject).size = 6

const measured: Record<string, () => void> = {
  'JSON.parse alone': () => void read(),
  'parse, with repeated keys found': () => void parseJson(text),
  'decode and default': () => {
    const object = read()
    model.decode(object)
    model.applyDefaults(object)
  },
  'validate a create': () => void model.validate(created, {}),
  'validate an update': () => void model.validate(changed, { old: stored }),
  'track a create': () =>
    void trackUpdate({ model, old: undefined, object: created, manager: 'a', subresource: '', time }),
  'track an update': () =>
    void trackUpdate({ model, old: stored, object: changed, manager: 'b', subresource: '', time }),
  'apply the same again': () =>
    void serverSideApply({ model, live: applied, applied: read(), manager: 'a', force: false, subresource: '', time }),
  'apply a change': () =>
    void serverSideApply({
      model,
      live: applied,
      applied: structuredClone(next),
      manager: 'a',
      force: false,
      subresource: '',
      time,
    }),
}

console.log(`${text.length} bytes`)
for (const [name, action] of Object.entries(measured)) {
  for (let i = 0; i < ROUNDS; i++) action()
  const start = process.cpuUsage()
  for (let i = 0; i < ROUNDS; i++) action()
  console.log(`${(process.cpuUsage(start).user / ROUNDS).toFixed(1).padStart(8)} µs  ${name}`)
}
