/**
 * The JSONPath of printer columns and selectable fields: fields, quoted fields, indices, slices, wildcards, unions, recursion
 * and filters, as client-go's jsonpath reads them.
 */
import type { Json } from '../schema/contract.ts'
import { equal, isObject } from '../schema/go.ts'

type Step =
  | { kind: 'field'; name: string }
  | { kind: 'wildcard' }
  | { kind: 'recursive' }
  | { kind: 'slice'; from: number | undefined; to: number | undefined; step: number }
  | { kind: 'index'; index: number }
  | { kind: 'union'; branches: Step[][] }
  | { kind: 'filter'; left: Operand; operator: string; right: Operand | undefined }
type Operand = { path: Step[] } | { value: Json }

export interface JsonPath {
  /** Every value that the path names, in document order; keys that are not there are no error. */
  find(document: Json): Json[]
}

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  parse(): Step[] {
    const steps = this.#path()
    if (this.#at < this.#text.length) throw this.#error()
    return steps
  }

  #error(): Error {
    return new Error(`unrecognized character in action: ${JSON.stringify(this.#text[this.#at] ?? '')}`)
  }

  #path(): Step[] {
    const steps: Step[] = []
    if (this.#text[this.#at] === '$' || this.#text[this.#at] === '@') this.#at++
    for (;;) {
      const char = this.#text[this.#at]
      if (char === '.') {
        this.#at++
        if (this.#text[this.#at] === '.') {
          this.#at++
          steps.push({ kind: 'recursive' })
        }
        const name = this.#name()
        if (name === '*') steps.push({ kind: 'wildcard' })
        else if (name !== '') steps.push({ kind: 'field', name })
      } else if (char === '[') steps.push(this.#bracket())
      else if (steps.length === 0 && char !== undefined && /[\w*]/.test(char))
        steps.push({ kind: 'field', name: this.#name() })
      else return steps
    }
  }

  #name(): string {
    let name = ''
    for (;;) {
      const char = this.#text[this.#at]
      if (char === undefined || /[\s[\].{}$@(),=<>!|&'"]/.test(char)) return name
      if (char === '\\') {
        this.#at++
        name += this.#text[this.#at] ?? ''
      } else name += char
      this.#at++
    }
  }

  #bracket(): Step {
    const rest = this.#text.slice(this.#at)
    if (rest.startsWith('[?(')) return this.#filter()
    const quoted = /^\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/.exec(rest)
    if (quoted) {
      this.#at += quoted[0].length
      return { kind: 'field', name: (quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/g, '$1') }
    }
    const end = rest.indexOf(']')
    if (end < 0) throw new Error('unterminated array')
    const inner = rest.slice(1, end).trim()
    this.#at += end + 1
    if (inner === '*') return { kind: 'wildcard' }
    if (inner.includes(','))
      return { kind: 'union', branches: inner.split(',').map((part) => [arrayStep(part.trim())]) }
    return arrayStep(inner)
  }

  #filter(): Step {
    this.#at += 3
    const left = this.#operand()
    this.#space()
    const operator = /^(==|!=|<=|>=|<|>)/.exec(this.#text.slice(this.#at))?.[0] ?? ''
    this.#at += operator.length
    this.#space()
    const right = operator ? this.#operand() : undefined
    this.#space()
    if (!this.#text.startsWith(')]', this.#at)) throw new Error('unterminated filter')
    this.#at += 2
    return { kind: 'filter', left, operator: operator || 'exists', right }
  }

  #space(): void {
    while (this.#text[this.#at] === ' ') this.#at++
  }

  #operand(): Operand {
    this.#space()
    const rest = this.#text.slice(this.#at)
    const literal = /^(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(true|false)|(-?\d+(?:\.\d+)?))/.exec(rest)
    if (!literal) return { path: this.#path() }
    this.#at += literal[0].length
    const [, single, double, bool, number] = literal
    if (bool) return { value: bool === 'true' }
    if (number) return { value: Number(number) }
    return { value: (single ?? double ?? '').replace(/\\(.)/g, '$1') }
  }
}

const arrayStep = (text: string): Step => {
  if (/^-?\d+$/.test(text)) return { kind: 'index', index: Number(text) }
  const match = /^(-?\d*):(-?\d*)(?::(\d+))?$/.exec(text)
  if (match) {
    const bound = (part: string | undefined): number | undefined => (part ? Number(part) : undefined)
    return { kind: 'slice', from: bound(match[1]), to: bound(match[2]), step: Number(match[3] ?? 1) || 1 }
  }
  const name = text.replace(/^['"]|['"]$/g, '')
  if (name === text) throw new Error(`invalid array index ${text}`)
  return { kind: 'field', name }
}

const childrenOf = (value: Json): Json[] => {
  if (Array.isArray(value)) return value
  return isObject(value)
    ? Object.keys(value)
        .sort()
        .map((key) => value[key] as Json)
    : []
}

const withDescendants = (value: Json): Json[] => [value, ...childrenOf(value).flatMap(withDescendants)]

const compare = (left: Json, right: Json, operator: string): boolean => {
  if (operator === '==') return equal(left, right)
  if (operator === '!=') return !equal(left, right)
  if (typeof left !== typeof right || (typeof left !== 'number' && typeof left !== 'string')) return false
  const [a, b] = [left as number, right as number]
  if (operator === '<') return a < b
  if (operator === '<=') return a <= b
  return operator === '>' ? a > b : a >= b
}

const resolve = (operand: Operand, item: Json): Json[] =>
  'value' in operand ? [operand.value] : walk(operand.path, [item])

const select = (step: Step, value: Json): Json[] => {
  switch (step.kind) {
    case 'field':
      return isObject(value) && Object.hasOwn(value, step.name) ? [value[step.name] as Json] : []
    case 'wildcard':
      return childrenOf(value)
    case 'recursive':
      return withDescendants(value)
    case 'index': {
      if (!Array.isArray(value)) return []
      const item = value.at(step.index)
      return item === undefined ? [] : [item]
    }
    case 'slice':
      return Array.isArray(value) ? value.slice(step.from ?? 0, step.to).filter((_, i) => i % step.step === 0) : []
    case 'union':
      return step.branches.flatMap((branch) => walk(branch, [value]))
    case 'filter': {
      const { left, operator, right } = step
      return childrenOf(value).filter((item) => {
        const [found] = resolve(left, item)
        if (!right) return found !== undefined
        const [wanted] = resolve(right, item)
        return found !== undefined && wanted !== undefined && compare(found, wanted, operator)
      })
    }
  }
}

/** `..` after `..` multiplies; a column needs one value. */
const MAX_VALUES = 10_000

const walk = (steps: readonly Step[], values: Json[]): Json[] => {
  let current = values
  for (const step of steps) current = current.flatMap((value) => select(step, value)).slice(0, MAX_VALUES)
  return current
}

/** @throws Error that says what cannot be read. */
export const parseJsonPath = (path: string): JsonPath => {
  const steps = new Parser(path.trim()).parse()
  return { find: (document) => walk(steps, [document]) }
}
