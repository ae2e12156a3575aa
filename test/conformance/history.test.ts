import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { builtinTypes } from '../../standalone/builtin/types.ts'
import type { JsonObject, TypeModel } from '../../standalone/schema/contract.ts'
import { crdModels } from '../../standalone/schema/crd.ts'
import { readKubeconfig } from '../harness/kubeconfig.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { comparable, nextStep, Rooms, randomFrom, type Step, type Subject } from './kit/history.ts'
import { type Answer, HttpClient } from './kit/http.ts'
import { widgetCrd } from './kit/widgets.ts'

/** Requests about one object. */
const STEPS = 12
/** The same in each run, so that a failure is of the change that it comes with. `HISTORIES=1000 make conformance` looks for new ones. */
const seeds: readonly number[] = [
  ...Array.from({ length: 40 }, (_, i) => (i + 1) * 50_331_653),
  // A merge leaves null in place of a map that it emptied, and nothing in the schema speaks against it.
  1_037_001_782,
  // A JSON patch spoils two fields, of which the first by name is told.
  203_503_293,
  // Beside a field that is not declared another is of the wrong type.
  1_966_136_404,
  ...Array.from({ length: Number(process.env.HISTORIES ?? 0) }, () => Math.floor(Math.random() * 2 ** 31)),
]

const http = new HttpClient(readKubeconfig(inject('kubeconfig')))
const letter = (): string => String.fromCharCode(97 + Math.floor(Math.random() * 26))
const id = Array.from({ length: 4 }, letter).join('')
/** Of the form that other files know not to be theirs. */
const group = `aa${id}.example.com`
const namespace = `history-${id}`
const crd = widgetCrd(group) as JsonObject
const widget = crdModels(crd).get('v1') as TypeModel
const configMap = builtinTypes.find(({ model }) => model.kind === 'ConfigMap')?.model as TypeModel

const json = { 'content-type': 'application/json' }
const mediaTypes = {
  apply: 'application/apply-patch+yaml',
  update: 'application/json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const

const collectionOf = ({ custom, version }: TypeModel): string =>
  custom ? `/apis/${group}/${version}/namespaces/${namespace}/widgets` : `/api/v1/namespaces/${namespace}/configmaps`

/** Sends one step to the API under test. `resourceVersion`: the object exists. */
const send = (subject: Subject, step: Step, resourceVersion: string | undefined): Promise<Answer> => {
  const creates = step.verb === 'update' && resourceVersion === undefined
  const path = creates ? '' : `/${subject.name}${step.subresource ? `/${step.subresource}` : ''}`
  const query = `fieldManager=${step.manager}&fieldValidation=Ignore${step.force ? '&force=true' : ''}`
  return http.send({
    method: step.verb === 'update' ? (creates ? 'POST' : 'PUT') : 'PATCH',
    path: `${collectionOf(subject.model)}${path}?${query}`,
    headers: { 'content-type': mediaTypes[step.verb] },
    body: JSON.stringify(step.verb === 'update' ? withVersion(step.body as JsonObject, resourceVersion) : step.body),
  })
}

const withVersion = (object: JsonObject, resourceVersion: string | undefined): JsonObject =>
  resourceVersion === undefined
    ? object
    : { ...object, metadata: { ...(object.metadata as JsonObject), resourceVersion } }

describe('A random history of one object', () => {
  beforeAll(async () => {
    const created = await http.send({
      method: 'POST',
      path: '/api/v1/namespaces',
      headers: json,
      body: JSON.stringify({ metadata: { name: namespace } }),
    })
    expect(created.status, created.body).toBe(201)
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    const installed = await http.send({ method: 'POST', path: crds, headers: json, body: JSON.stringify(crd) })
    expect(installed.status, installed.body).toBe(201)
    await waitUntil(
      'the widgets',
      async () => (await http.send({ method: 'GET', path: collectionOf(widget) })).status === 200 || undefined,
    )
  })
  afterAll(async () => {
    if (!inject('disposable')) {
      await http.send({
        method: 'DELETE',
        path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`,
      })
      await http.send({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` })
    }
    http.close()
  })

  test.each(seeds)('has the outcome that the pure rooms foretell, step by step (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    const subject: Subject = { model: seed % 3 === 0 ? configMap : widget, namespace, name: `o${seed}` }
    const rooms = new Rooms(subject)
    let resourceVersion: string | undefined
    for (let i = 0; i < STEPS; i++) {
      const step = nextStep(subject, random)
      if (resourceVersion === undefined && (step.subresource || (step.verb !== 'apply' && step.verb !== 'update')))
        continue
      const answer = await send(subject, step, resourceVersion)
      const body = JSON.parse(answer.body) as JsonObject
      const foretold = rooms.take(
        resourceVersion && step.verb === 'update' ? { ...step, body: withVersion(step.body as JsonObject, '1') } : step,
        '2026-01-01T00:00:00Z',
      )
      const real = { status: answer.status, body: answer.status < 300 ? body : (body.message ?? null) }
      expect(comparable(real), JSON.stringify(step)).toEqual(comparable(foretold))
      if (answer.status < 300) resourceVersion = (body.metadata as { resourceVersion: string }).resourceVersion
    }
  })
})
