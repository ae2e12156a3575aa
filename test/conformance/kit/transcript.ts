import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, inject } from 'vitest'
import { stringify } from 'yaml'
import type { Answer, Method } from './http.ts'
import { type Normaliser, sortKeys } from './normalise.ts'
import './context.d.ts'

export const slug = (promise: string): string =>
  promise
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')

export const expectGolden = (name: string, actual: string): void => {
  const file = path.join(import.meta.dirname, '../testdata', name)
  if (inject('updateGoldens')) {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, actual)
    return
  }
  let golden = ''
  try {
    golden = readFileSync(file, 'utf8')
  } catch {
    expect.fail(`${name} is missing: write it from a real kube-apiserver with scripts/conformance.sh --update`)
  }
  if (actual !== golden) {
    const kept = path.join(import.meta.dirname, '../../../.cache/conformance', inject('target'), name)
    mkdirSync(path.dirname(kept), { recursive: true })
    writeFileSync(kept, actual)
  }
  expect(actual).toBe(golden)
}

export const parseJson = (answer: Answer): unknown => {
  const type = String(answer.headers['content-type'] ?? '')
  if (!type.startsWith('application/json')) return undefined
  try {
    return JSON.parse(answer.body)
  } catch {
    return undefined
  }
}

export const describeRequest = (
  normaliser: Normaliser,
  method: Method,
  requestPath: string,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): string => {
  const shownHeaders = Object.entries(headers)
    .filter(([name, value]) => name !== 'content-type' || value !== 'application/json')
    .map(([name, value]) => `  ${name}: ${normaliser.text(value)}\n`)
    .join('')
  const shownBody = body === undefined ? '' : `${indent(describeBody(normaliser, body), '  ')}\n`
  return `${method} ${normaliser.text(requestPath)}\n${shownHeaders}${shownBody}`
}

/** In the order of keys, for a body that came from an answer has the order of its server. */
const describeBody = (normaliser: Normaliser, body: string): string => {
  if (body.length > 5_000) return `${body.slice(0, 100)}... (${body.length} characters)`
  try {
    return JSON.stringify(sortKeys(normaliser.value(JSON.parse(body), { learn: false })))
  } catch {
    return normaliser.text(body)
  }
}

/** Of the headers, those that tell a client something. */
const tellingHeaders = ['content-type', 'warning', 'www-authenticate', 'retry-after', 'allow']

export const describeAnswer = (normaliser: Normaliser, answer: Answer, json: unknown): string => {
  const headers = tellingHeaders
    .filter((name) => answer.headers[name] !== undefined && answer.headers[name] !== 'application/json')
    .map((name) => `${name}: ${normaliser.text([answer.headers[name]].flat().join('\n  '))}\n`)
    .join('')
  const body = json === undefined ? normaliser.text(answer.body) : yaml(normaliser.value(json))
  return `=> ${answer.status}\n${headers}${body}${body.endsWith('\n') || body === '' ? '' : '\n'}`
}

export const yaml = (value: unknown): string =>
  stringify(value, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false })

export const indent = (text: string, prefix: string): string => text.replace(/^/gm, prefix)
