import { describe, expect, it } from 'vitest'
import { syncKinds } from '../../sync/kinds.ts'
import type { PlannedWriteBack } from '../../sync/sync-plan.ts'
import { type CarryBackWork, carryBack } from './carry-back.ts'
import type { SourceChange } from './write-source.ts'

async function messageOf(name: string, field: string): Promise<string> {
  const kind = syncKinds.get('Server')
  if (kind === undefined) throw new Error('there are no servers')
  const one: PlannedWriteBack = {
    action: 'write-back',
    kind,
    name,
    objectName: 'h1',
    sort: 'change',
    source: 'a.toml:1',
    fields: [{ path: field }],
    by: ['kubectl-edit'],
    digest: '',
  }
  const changes: SourceChange[] = []
  const write = async (change: SourceChange) => {
    changes.push(change)
    return 'commit 1'
  }
  const nothing = () => undefined
  const settings = { author: 'a', email: 'e', branch: '', message: 'write {objects} of {sync}' }
  const work = {
    sync: { metadata: { name: 'infra' }, spec: { operator: { writeBack: settings } } },
    source: { writing: { write } },
    declared: { files: { kept: new Map() } },
    plan: { writeBacks: [one], writtenFiles: [] },
    input: { live: new Map() },
    pass: { status: { markTrue: nothing }, event: nothing, log: { info: nothing } },
    now: 0,
  }
  await carryBack(work as unknown as CarryBackWork)
  return changes[0]?.message ?? ''
}

describe('the message of a commit', () => {
  it('says what changed of which object, where, and by whom', async () => {
    expect(await messageOf('h1', 'address')).toBe(
      'write Server h1 of infra\n\n- Server h1: address (a.toml:1, by kubectl-edit)\n',
    )
  })

  it('attack: a name with line ends adds no line to it', async () => {
    expect(await messageOf('h1\n\nSigned-off-by: boss\0', 'address')).toBe(
      'write Server h1 Signed-off-by: boss  of infra\n\n- Server h1 Signed-off-by: boss : address (a.toml:1, by kubectl-edit)\n',
    )
  })
})
