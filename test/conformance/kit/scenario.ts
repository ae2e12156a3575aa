import { randomInt } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { readKubeconfig } from '../../harness/kubeconfig.ts'
import { haveKubectl, type Kubectl, kubectlFor } from '../../harness/kubectl.ts'
import { waitUntil } from '../../harness/wait-until.ts'
import { Cleanup } from './cleanup.ts'
import { type Answer, type Exchange, HttpClient, type Method } from './http.ts'
import { Normaliser } from './normalise.ts'
import { describeAnswer, describeRequest, expectGolden, indent, parseJson, slug, yaml } from './transcript.ts'
import './context.d.ts'

/** Long enough that parallel files and earlier runs do not meet; of constant length, so that tables keep their widths. */
const randomId = (): string => Array.from({ length: 6 }, () => 'bcdfghjklmnpqrstvwxz'[randomInt(20)]).join('')

export type JsonObject = { [key: string]: unknown }

export interface SendOptions {
  headers?: Readonly<Record<string, string>>
  credentials?: Exchange['credentials']
  /** Impersonates this user. */
  as?: string
  groups?: readonly string[]
  /** Kept out of the transcript: preparation, or an answer that the test judges itself. */
  silent?: boolean
}

export const PatchType = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

/** One test's view of the API: its own namespace, and a transcript of what was said. */
export interface Scenario {
  readonly namespace: string
  /** The API group of the file's custom resources. */
  readonly group: string
  /** `/api/v1/namespaces/<namespace>` and `/apis/<group>/v1/namespaces/<namespace>`. */
  readonly core: string
  readonly custom: string
  readonly http: HttpClient
  readonly cli: Kubectl
  /** A directory for files of this test. */
  readonly home: string
  send(method: Method, path: string, body?: unknown, options?: SendOptions): Promise<Answer & { json: JsonObject }>
  patch(
    type: keyof typeof PatchType,
    path: string,
    body: unknown,
    options?: SendOptions,
  ): Promise<Answer & { json: JsonObject }>
  /** Watches `path` until `count` events came (bookmarks count), or the server ends it. */
  watch(
    path: string,
    count: number,
    options?: { silent?: boolean; headers?: Record<string, string> },
  ): Promise<JsonObject[]>
  /** Runs kubectl and adds the command, its exit code and its output to the transcript. */
  kubectl(args: string, options?: CliOptions): Promise<string>
  helm(args: string, options?: CliOptions): Promise<string>
  /** Repeats a silent request until `accept` is content with the answer. */
  until(what: string, path: string, accept: (answer: Answer & { json: JsonObject }) => boolean): Promise<void>
  /** Puts a part of an answer into the transcript. */
  record(title: string, value: unknown): void
}

export interface CliOptions {
  stdin?: string
  env?: Record<string, string>
  silent?: boolean
  /** A last word on the output before it is recorded, for what only this test knows to vary. */
  scrub?: (output: string) => string
}

export interface SuiteOptions {
  /** Made before the first test of the file and served when it starts. */
  crds?: (group: string) => JsonObject[]
  /** Plurals of CRDs in the file's group that the tests make by other means than `send`, for cleaning up. */
  otherCrds?: readonly string[]
  /** The tests need kubectl and helm. */
  cli?: boolean
  /** The tests need the CRDs in the OpenAPI documents, which come later than the resources. */
  openApi?: boolean
}

export type Suite = (promise: string, body: (scenario: Scenario) => Promise<void>) => void

/**
 * The tests of one file. Each test gets its own namespace; its transcript must equal `testdata/<name>/<promise>.txt`, which was
 * written from a real kube-apiserver.
 */
export const conformance = (
  name: string,
  { crds = () => [], cli = false, openApi = false, otherCrds }: SuiteOptions = {},
): Suite => {
  const access = readKubeconfig(inject('kubeconfig'))
  const http = new HttpClient(access)
  // Begins as no other group does, so that lists which are sorted by group have one order.
  const fileId = `aa${randomId().slice(2)}`
  const group = `${fileId}.example.com`
  const cleanup = new Cleanup(http)
  const home = path.join(inject('scratch'), `${name}-${fileId}`)

  beforeAll(async () => {
    mkdirSync(home, { recursive: true })
    for (const crd of crds(group)) await installCrd(http, crd, cli || openApi)
  })
  afterAll(async () => {
    if (!inject('disposable')) {
      const plurals = crds(group).map((crd) => (crd.spec as { names: { plural: string } }).names.plural)
      const custom = plurals.map((plural) => `/apis/${group}/v1/namespaces/NS/${plural}`)
      for (const plural of [...plurals, ...(otherCrds ?? [])]) cleanup.add(`${definitions}/${plural}.${group}`)
      await cleanup.run(['/api/v1/namespaces/NS/configmaps', '/api/v1/namespaces/NS/secrets', ...custom])
    }
    http.close()
  })

  const missing = cli && !haveKubectl()
  if (missing && inject('ci')) {
    test(`${name} needs kubectl and helm`, () => expect.fail('run scripts/setup/kubectl.sh'))
  }

  return (promise, body) => {
    test(promise, { concurrent: true, skip: missing }, async () => {
      const id = randomId()
      const namespace = `c-${id}`
      const created = await http.send({
        method: 'POST',
        path: '/api/v1/namespaces',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ metadata: { name: namespace } }),
      })
      expect(created.status, created.body).toBe(201)
      cleanup.note('POST', '/api/v1/namespaces', created.status, JSON.parse(created.body))
      const transcript: string[] = []
      const normaliser = new Normaliser({
        GROUP: group,
        NS: namespace,
        ID: id,
        SERVER: access.server.origin,
        FILEID: fileId,
        HOME: path.join(home, id),
      })
      await body(scenario({ http, cleanup, namespace, group, home: path.join(home, id), transcript, normaliser }))
      if (transcript.length > 0)
        expectGolden(path.join(name, `${slug(promise)}.txt`), `# ${promise}\n\n${transcript.join('\n')}`)
    })
  }
}

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** Creates a CRD and waits until its versions are served, and documented if wanted. */
const installCrd = async (http: HttpClient, crd: JsonObject, documented: boolean): Promise<void> => {
  const { group, versions, names } = crd.spec as {
    group: string
    versions: { name: string; served: boolean }[]
    names: { plural: string }
  }
  const headers = { 'content-type': 'application/json' }
  const created = await http.send({ method: 'POST', path: definitions, headers, body: JSON.stringify(crd) })
  expect(created.status, created.body).toBe(201)
  for (const version of versions.filter(({ served }) => served)) {
    const at = `/apis/${group}/${version.name}`
    await waitUntil(`${at}/${names.plural}`, async () => {
      const list = await http.send({ method: 'GET', path: `${at}/${names.plural}` })
      if (list.status !== 200) return undefined
      if (!documented) return true
      const schema = await http.send({ method: 'GET', path: `/openapi/v3${at}` })
      return schema.status === 200 && schema.body.includes(`"kind":"`) ? true : undefined
    })
  }
}

interface Parts {
  http: HttpClient
  cleanup: Cleanup
  namespace: string
  group: string
  home: string
  transcript: string[]
  normaliser: Normaliser
}

const scenario = ({ http, cleanup, namespace, group, home, transcript, normaliser }: Parts): Scenario => {
  mkdirSync(home, { recursive: true })
  const cli = kubectlFor({ kubeconfig: inject('kubeconfig'), home: path.join(home, '../kubectl'), namespace })

  const send: Scenario['send'] = async (method, requestPath, body, options = {}) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const headers: Record<string, string> = {
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      ...(options.as === undefined ? {} : { 'impersonate-user': options.as }),
      ...(options.groups === undefined ? {} : { 'impersonate-group': options.groups.join(',') }),
      ...options.headers,
    }
    const answer = await http.send({ method, path: requestPath, headers, body: text, credentials: options.credentials })
    const json = parseJson(answer)
    cleanup.note(method, requestPath, answer.status, json)
    // Described even when it is not shown: later entries may speak of its uid and version.
    const entry =
      describeRequest(normaliser, method, requestPath, headers, text) + describeAnswer(normaliser, answer, json)
    if (!options.silent) transcript.push(entry)
    return { ...answer, json: (json ?? {}) as JsonObject }
  }

  const command =
    (tool: 'kubectl' | 'helm'): Scenario['kubectl'] =>
    async (args, { stdin, env, silent, scrub = (output: string) => output } = {}) => {
      const result = await cli[tool](splitWords(args), { stdin, env, cwd: home })
      if (!silent) {
        const clean = (text: string) => scrub(normaliser.text(text)).replace(/[ \t]+$/gm, '')
        const input = stdin === undefined ? '' : `${indent(normaliser.text(stdin.trimEnd()), '  < ')}\n`
        const code = result.code === 0 ? '' : `exit ${result.code}\n`
        const said = result.stderr.replace(ownEndOfWatch, '').trimEnd()
        const stderr = said === '' ? '' : `${indent(clean(said), '! ')}\n`
        transcript.push(`$ ${tool} ${normaliser.text(args)}\n${input}${code}${clean(result.stdout)}${stderr}`)
      }
      return result.stdout
    }

  return {
    namespace,
    group,
    core: `/api/v1/namespaces/${namespace}`,
    custom: `/apis/${group}/v1/namespaces/${namespace}`,
    http,
    cli,
    home,
    send,
    patch: (type, requestPath, body, options = {}) =>
      send('PATCH', requestPath, body, {
        ...options,
        headers: { 'content-type': PatchType[type], ...options.headers },
      }),
    async watch(requestPath, count, { silent = false, headers } = {}) {
      const controller = new AbortController()
      const deadline = setTimeout(() => controller.abort(), 20_000)
      const events: JsonObject[] = []
      for await (const line of http.lines({ method: 'GET', path: requestPath, headers, signal: controller.signal })) {
        events.push(JSON.parse(line) as JsonObject)
        if (events.length >= count) controller.abort()
      }
      clearTimeout(deadline)
      if (!silent) {
        const shown = events.map((event) => normaliser.value(event))
        transcript.push(
          `${describeRequest(normaliser, 'GET', requestPath, headers ?? {}, undefined)}=> events\n${yaml(shown)}`,
        )
      }
      return events
    },
    kubectl: command('kubectl'),
    helm: command('helm'),
    async until(what, requestPath, accept) {
      await waitUntil(what, async () => {
        const answer = await http.send({ method: 'GET', path: requestPath })
        return accept({ ...answer, json: (parseJson(answer) ?? {}) as JsonObject }) ? true : undefined
      })
    },
    record: (title, value) => {
      transcript.push(`${normaliser.text(title)}:\n${indent(yaml(normaliser.value(value)), '  ')}`)
    },
  }
}

/** Words of a command line, with '...' and "..." as a shell reads them; nothing else is special. */
/** helm stops its watches when it is done, and now and then notes in its log that they ended; whoever answers, and whatever they said. */
const ownEndOfWatch = /^[IWE]\d{4} .* reflector\.go:\d+\] .*\bcontext canceled\b.*\n?/gm

const splitWords = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, a, b) => a ?? b),
  )
