/** The string formats that kube-apiserver checks in custom resources. Others are documentation only. */
import { isIPv4, isIPv6 } from 'node:net'
import { dns1123Label, dns1123Subdomain } from './names.ts'

const HEX = '[0-9a-f]'
const uuid = (version: string, variant: string): RegExp =>
  new RegExp(`^${HEX}{8}-?${HEX}{4}-?${version}${HEX}{3}-?${variant}${HEX}{3}-?${HEX}{12}$`, 'i')

const isDate = (text: string): boolean => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}
const isDateTime = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(text) && isDate(text.slice(0, 10))

const isCidr = (text: string): boolean => {
  const [address, bits, ...rest] = text.split('/')
  if (rest.length || !address || !bits || !/^\d{1,3}$/.test(bits)) return false
  return isIPv4(address) ? Number(bits) <= 32 : isIPv6(address) && Number(bits) <= 128
}

const isUri = (text: string): boolean =>
  text.startsWith('/') ? !/\s/.test(text) : /^[a-z][a-z0-9+.-]*:\S+$/i.test(text) && URL.canParse(text)

const isHostname = (text: string): boolean =>
  text.length <= 255 &&
  /^([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])(\.([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9]))*\.?$/i.test(text) &&
  text.split('.').every((label) => label.length <= 63)

const isbn10 = (text: string): boolean => {
  const digits = text.replace(/[\s-]+/g, '')
  if (!/^\d{9}[\dX]$/.test(digits)) return false
  const sum = [...digits].reduce((total, c, i) => total + (i + 1) * (c === 'X' ? 10 : Number(c)), 0)
  return sum % 11 === 0
}
const isbn13 = (text: string): boolean => {
  const digits = text.replace(/[\s-]+/g, '')
  return (
    /^\d{13}$/.test(digits) && [...digits].reduce((total, c, i) => total + Number(c) * (i % 2 ? 3 : 1), 0) % 10 === 0
  )
}
const luhn = (text: string): boolean => {
  const digits = text.replace(/\D/g, '')
  if (!/^\d{13,19}$/.test(digits)) return false
  const sum = [...digits].reverse().reduce((total, c, i) => {
    const doubled = i % 2 ? Number(c) * 2 : Number(c)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return sum % 10 === 0
}

const byte = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)'
const rgb = new RegExp(`^rgb\\(\\s*${byte}\\s*,\\s*${byte}\\s*,\\s*${byte}\\s*\\)$`)
const duration =
  /^[+-]?((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$|^\d+\s*(ns|nanos?|nanoseconds?|us|µs|micros?|microseconds?|ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)$|^0$/
const matches =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text)

const checks: Record<string, (text: string) => boolean> = {
  bsonobjectid: matches(/^[0-9a-f]{24}$/i),
  uri: isUri,
  email: matches(/^(?:[^<>]*<)?[^\s@<>"(),:;\\[\]]+@[^\s@<>"(),:;\\]+>?$/),
  hostname: isHostname,
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: isCidr,
  mac: matches(
    /^([0-9a-f]{2}([:-]))([0-9a-f]{2}\2){4}(([0-9a-f]{2}\2){2})?[0-9a-f]{2}$|^([0-9a-f]{4}\.){2}([0-9a-f]{4}\.)?[0-9a-f]{4}$/i,
  ),
  uuid: matches(uuid(HEX, HEX)),
  uuid3: matches(uuid('3', HEX)),
  uuid4: matches(uuid('4', '[89ab]')),
  uuid5: matches(uuid('5', '[89ab]')),
  isbn: (text) => isbn10(text) || isbn13(text),
  isbn10,
  isbn13,
  creditcard: luhn,
  ssn: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matches(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: matches(rgb),
  byte: matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  password: () => true,
  date: isDate,
  duration: matches(duration),
  datetime: isDateTime,
  k8sshortname: (text) => dns1123Label(text).length === 0,
  k8slongname: (text) => dns1123Subdomain(text).length === 0,
}

/** The format as it stands when it is checked at all, else the empty string. */
export const knownFormat = (format: string): string => (Object.hasOwn(checks, format.replaceAll('-', '')) ? format : '')

export const hasFormat = (format: string, text: string): boolean => checks[format.replaceAll('-', '')]?.(text) ?? true
