import { expect, inject } from 'vitest'
import { gapCrd, gaps, silentParts } from './gaps.ts'
import { conformance } from './kit/scenario.ts'

const promise = conformance('gaps')

for (const { what, why, request, refusal } of gaps) {
  promise(`What is left out is refused in clear words: ${what}, because ${why}`, async ({ send, group, namespace }) => {
    const path = request.path.replace('NS', namespace)
    const headers: Record<string, string> = request.accept === undefined ? {} : { accept: request.accept }
    const { status, body, json } = await send(request.method, path, request.body?.(group), { headers, silent: true })
    // The real server has it; once it no longer does, it is no gap any more.
    if (inject('target') === 'real') expect(status, body).toBeLessThan(300)
    else expect([status, json.message ?? body]).toEqual([refusal.status, expect.stringMatching(refusal.message)])
  })
}

for (const { what, version, warning } of silentParts) {
  promise(`What has no effect is warned of: ${what}`, async ({ send, group }) => {
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All'
    const { status, headers, body } = await send('POST', crds, gapCrd(group, version), { silent: true })
    expect(status, body).toBe(201)
    expect(headers.warning).toBe(inject('target') === 'real' ? undefined : warning)
  })
}
