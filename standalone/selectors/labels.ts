import type { Cause } from '../schema/contract.ts'
import { badRequest } from '../schema/faults.ts'
import { invalidValue } from '../schema/field.ts'
import { labelValue, qualifiedName } from '../schema/names.ts'

/** What a label selector asks of one key. */
type Requirement =
  | { key: string; operator: 'in' | 'notin'; values: readonly string[] }
  | { key: string; operator: 'exists' | 'absent' }
  | { key: string; operator: 'gt' | 'lt'; value: bigint }

export interface LabelSelector {
  readonly empty: boolean
  matches(labels: Readonly<Record<string, string>>): boolean
  /** Could an object with this JSON text match? Says no only when it is certain; spares the parsing of most objects. */
  mayMatch(text: string): boolean
}

type Token = { kind: 'word' | 'symbol'; text: string }

const SYMBOL = /^(==|!=|=|!|<|>|,|\(|\))/
const tokens = (text: string): Token[] => {
  const found: Token[] = []
  let rest = text.trimStart()
  while (rest !== '') {
    const symbol = SYMBOL.exec(rest)?.[0]
    const word = symbol ? '' : /^[^\s=!<>,()]+/.exec(rest)![0]
    found.push(symbol ? { kind: 'symbol', text: symbol } : { kind: 'word', text: word })
    rest = rest.slice((symbol ?? word).length).trimStart()
  }
  return found
}

/** @throws Fault 400 in the words of kube-apiserver, which begin with `unable to parse requirement: ` only inside of a requirement. */
export const parseLabelSelector = (text: string): LabelSelector => {
  const requirements = new Parser(tokens(text)).requirements()
  const needles = requirements.flatMap((requirement) =>
    requirement.operator === 'in' && requirement.values.length === 1
      ? [`${JSON.stringify(requirement.key)}:${JSON.stringify(requirement.values[0])}`]
      : [],
  )
  return {
    empty: requirements.length === 0,
    matches: (labels) => requirements.every((requirement) => satisfies(requirement, labels)),
    mayMatch: (json) => needles.every((needle) => json.includes(needle)),
  }
}

const satisfies = (requirement: Requirement, labels: Readonly<Record<string, string>>): boolean => {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined
  switch (requirement.operator) {
    case 'exists':
      return value !== undefined
    case 'absent':
      return value === undefined
    case 'in':
      return value !== undefined && requirement.values.includes(value)
    case 'notin':
      return value === undefined || !requirement.values.includes(value)
    case 'gt':
      return isInteger(value) && BigInt(value) > requirement.value
    case 'lt':
      return isInteger(value) && BigInt(value) < requirement.value
  }
}

/** Of 64 bits. */
const isInteger = (text: string | undefined): text is string =>
  text !== undefined && /^-?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(list: readonly Token[]) {
    this.#tokens = list
  }

  requirements(): Requirement[] {
    const found: Requirement[] = []
    if (this.#tokens.length === 0) return found
    for (;;) {
      found.push(this.#requirement())
      const next = this.#take()
      if (next === undefined) return found
      if (next.text !== ',') throw badRequest(`found '${next.text}', expected: ',' or 'end of string'`)
      const after = this.#peek()
      if (after?.kind !== 'word' && after?.text !== '!')
        throw badRequest(`found '${after?.text ?? ''}', expected: identifier after ','`)
    }
  }

  #requirement(): Requirement {
    const negated = this.#peek()?.text === '!'
    if (negated) this.#at += 1
    const key = this.#take()
    if (key?.kind !== 'word') {
      if (negated) throw this.#fault(`found '${key?.text ?? ''}', expected: identifier`)
      throw badRequest(`found '${key?.text ?? ''}', expected: !, identifier, or 'end of string'`)
    }
    checkKey(key.text)
    if (negated) return { key: key.text, operator: 'absent' }
    const operator = this.#peek()
    if (operator === undefined || operator.text === ',') return { key: key.text, operator: 'exists' }
    this.#at += 1
    switch (operator.text) {
      case '=':
      case '==':
        return { key: key.text, operator: 'in', values: [this.#value(key.text)] }
      case '!=':
        return { key: key.text, operator: 'notin', values: [this.#value(key.text)] }
      case 'in':
      case 'notin':
        return { key: key.text, operator: operator.text, values: this.#values(key.text) }
      case '<':
      case '>':
        return this.#comparison(key.text, operator.text)
      default:
        throw this.#fault(`found '${operator.text}', expected: in, notin, =, ==, !=, gt, lt`)
    }
  }

  #comparison(key: string, operator: '<' | '>'): Requirement {
    const value = this.#value(key)
    if (!isInteger(value)) {
      throw badRequest(
        `unable to parse requirement: values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      )
    }
    return { key, operator: operator === '>' ? 'gt' : 'lt', value: BigInt(value) }
  }

  /** An absent value is the empty one, as in `a=`. */
  #value(key: string): string {
    const next = this.#peek()
    if (next === undefined || next.text === ',') return ''
    this.#at += 1
    if (next.kind !== 'word') throw this.#fault(`found '${next.text}', expected: identifier`)
    checkValues(key, [next.text])
    return next.text
  }

  /** Nothing beside a comma is the empty value. */
  #values(key: string): string[] {
    const open = this.#take()
    if (open?.text !== '(') throw this.#fault(`found '${open?.text ?? ''}' expected: '('`)
    const first = this.#peek()
    if (first?.text === ')') {
      this.#at += 1
      return ['']
    }
    if (first?.kind !== 'word' && first?.text !== ',')
      throw this.#fault(`found '${first?.text ?? ''}', expected: ',', ')' or identifier`)
    const values: string[] = []
    for (;;) {
      const next = this.#take()
      if (next?.kind === 'word') {
        values.push(next.text)
        const after = this.#peek()
        if (after?.text !== ',' && after?.text !== ')')
          throw this.#fault(`found '${after?.text ?? ''}', expected: ',' or ')'`)
      } else if (next?.text === ',') {
        if (values.length === 0 || [',', ')'].includes(this.#peek()?.text ?? '')) values.push('')
      } else if (next?.text === ')') {
        checkValues(key, values)
        return values
      } else throw this.#fault(`found '${next?.text ?? ''}', expected: ',', or identifier`)
    }
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at]
  }

  #take(): Token | undefined {
    return this.#tokens[this.#at++]
  }

  #fault(message: string): Error {
    return badRequest(`unable to parse requirement: ${message}`)
  }
}

const refuse = (causes: readonly Cause[]): void => {
  if (causes.length === 0) return
  const texts = causes.map(({ field, message }) => `${field}: ${message}`)
  throw badRequest(`unable to parse requirement: ${texts.length > 1 ? `[${texts.join(', ')}]` : texts[0]}`)
}
const faultsOf = (faults: readonly string[], field: string, value: string): Cause[] =>
  faults.length > 0 ? [invalidValue(field, value, faults.join('; '))] : []
const checkKey = (key: string): void => refuse(faultsOf(qualifiedName(key), '<nil>', key))
/** In the order in which a set of them is walked. */
const checkValues = (key: string, values: readonly string[]): void =>
  refuse([...new Set(values)].sort().flatMap((value, i) => faultsOf(labelValue(value), `values[${i}][${key}]`, value)))
