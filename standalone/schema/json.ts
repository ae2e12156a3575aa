/**
 * JSON as an API server must read it. `JSON.parse` alone would lose three things: repeated keys, 64-bit integers that no double
 * holds (beyond 2^53 they would change silently; we refuse them, which kube-apiserver does not), and the words of Go's errors.
 */
import type { Json, JsonObject, ParseJson } from './contract.ts'
import { badRequest } from './faults.ts'
import { isObject, setKey } from './go.ts'

/** Deeper nesting is refused: everything below walks objects recursively. */
const MAX_DEPTH = 1000
const MAX_DUPLICATES = 100

export const parseJson: ParseJson = (text) => {
  let value: Json
  try {
    value = JSON.parse(text, /\\u[dD][89a-fA-F]/.test(text) ? wellFormed : undefined) as Json
  } catch {
    new Scanner(text).scan() // throws, with better words
    throw badRequest('invalid JSON')
  }
  // Our own clients send compact text; when it comes back the same, nothing was repeated or rounded.
  if (text.length < MAX_DEPTH && JSON.stringify(value) === text) return { value, duplicates: [] }
  const scanner = new Scanner(text)
  scanner.scan()
  return { value, duplicates: scanner.duplicates }
}

/** Half a surrogate pair is no character, and no UTF-8: Go's decoder replaces it, in keys as in values. */
const wellFormed = (_key: string, value: Json): Json => {
  if (typeof value === 'string') return value.toWellFormed()
  if (!isObject(value)) return value
  const out: JsonObject = {}
  for (const key of Object.keys(value)) setKey(out, key.toWellFormed(), value[key] as Json)
  return out
}

const NUMBER = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const SPACE = /[ \t\r\n]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these
const STRING = /"((?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"/y

const NO_BLANK = /^in (string escape|\\u|literal|numeric)/
/** A string up to where it is broken. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these
const STRING_BEGIN = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y

/** Beyond 64 bits Kubernetes reads a float as well. */
const isRounded = (integer: bigint): boolean =>
  BigInt.asIntN(64, integer) === integer && BigInt(Number(integer)) !== integer

class Scanner {
  readonly duplicates: string[] = []
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  scan(): void {
    this.#value('', 0)
    this.#space()
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value')
  }

  #space(): void {
    SPACE.lastIndex = this.#at
    SPACE.exec(this.#text)
    this.#at = SPACE.lastIndex
  }

  #unexpected(context: string): Error {
    // Go reads a blank after the end, and complains of that where none may stand.
    const char = this.#text[this.#at] ?? ' '
    if (this.#at >= this.#text.length && !NO_BLANK.test(context)) return badRequest('unexpected end of JSON input')
    const shown = char === "'" ? `'\\''` : char === '"' ? `'"'` : goQuoted(char)
    return badRequest(`invalid character ${shown} ${context}`)
  }

  #string(): string {
    STRING.lastIndex = this.#at
    const match = STRING.exec(this.#text)
    if (!match) throw this.#brokenString()
    this.#at = STRING.lastIndex
    const raw = match[1] ?? ''
    return raw.includes('\\') ? (JSON.parse(match[0]) as string) : raw
  }

  #brokenString(): Error {
    STRING_BEGIN.lastIndex = this.#at
    STRING_BEGIN.exec(this.#text)
    this.#at = STRING_BEGIN.lastIndex
    if (this.#text[this.#at] !== '\\') return this.#unexpected('in string literal')
    this.#at++
    if (this.#text[this.#at] !== 'u') return this.#unexpected('in string escape code')
    this.#at++
    while (/[0-9a-fA-F]/.test(this.#text[this.#at] ?? '')) this.#at++
    return this.#unexpected('in \\u hexadecimal character escape')
  }

  #value(path: string, depth: number): void {
    if (depth > MAX_DEPTH) throw badRequest(`exceeded max depth of ${MAX_DEPTH}`)
    this.#space()
    const char = this.#text[this.#at]
    if (char === '{') this.#object(path, depth)
    else if (char === '[') this.#array(path, depth)
    else if (char === '"') this.#string()
    else if (char === '-' || (char !== undefined && char >= '0' && char <= '9')) this.#number(path)
    else this.#literal()
  }

  #number(path: string): void {
    NUMBER.lastIndex = this.#at
    const match = NUMBER.exec(this.#text)
    if (!match) {
      this.#at++
      throw this.#unexpected('in numeric literal')
    }
    this.#at = NUMBER.lastIndex
    const [literal, , fraction, exponent] = match
    if (!fraction && !exponent && literal.length > 15 && isRounded(BigInt(literal)))
      throw badRequest(`${path || 'value'}: the integer ${literal} cannot be kept exactly; use a string`)
    if (!Number.isFinite(Number(literal)))
      throw badRequest(`json: cannot unmarshal number ${literal} into Go value of type float64`)
  }

  #literal(): void {
    for (const word of ['true', 'false', 'null']) {
      if (this.#text[this.#at] !== word[0]) continue
      for (let i = 1; i < word.length; i++) {
        this.#at++
        if (this.#text[this.#at] !== word[i]) throw this.#unexpected(`in literal ${word} (expecting '${word[i]}')`)
      }
      this.#at++
      return
    }
    throw this.#unexpected('looking for beginning of value')
  }

  #object(path: string, depth: number): void {
    this.#at++
    this.#space()
    if (this.#text[this.#at] === '}') {
      this.#at++
      return
    }
    const seen = new Set<string>()
    for (;;) {
      this.#space()
      if (this.#text[this.#at] !== '"') throw this.#unexpected('looking for beginning of object key string')
      const key = this.#string()
      const inner = path ? `${path}.${key}` : key
      if (seen.has(key) && this.duplicates.length < MAX_DUPLICATES) this.duplicates.push(inner)
      seen.add(key)
      this.#space()
      if (this.#text[this.#at] !== ':') throw this.#unexpected('after object key')
      this.#at++
      this.#value(inner, depth + 1)
      this.#space()
      const next = this.#text[this.#at]
      if (next !== ',' && next !== '}') throw this.#unexpected('after object key:value pair')
      this.#at++
      if (next === '}') return
    }
  }

  #array(path: string, depth: number): void {
    this.#at++
    this.#space()
    if (this.#text[this.#at] === ']') {
      this.#at++
      return
    }
    for (let i = 0; ; i++) {
      this.#value(`${path}[${i}]`, depth + 1)
      this.#space()
      const next = this.#text[this.#at]
      if (next !== ',' && next !== ']') throw this.#unexpected('after array element')
      this.#at++
      if (next === ']') return
    }
  }
}

/** A character as Go quotes it; of one that takes several bytes, the first of them. */
const goQuoted = (char: string): string =>
  char > '\u007f' ? `'${String.fromCharCode(Buffer.from(char)[0]!)}'` : quotedAscii(char)
const quotedAscii = (char: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that Go escapes
  /[\0-\x06\x0e-\x1f\x7f]/.test(char)
    ? `'\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}'`
    : `'${JSON.stringify(char).slice(1, -1)}'`
