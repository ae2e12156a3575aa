/** What Kubernetes accepts as names, labels and keys; each answers a list of complaints, empty when all is well. */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const CONFIG_KEY = '[-._a-zA-Z0-9]+'
const CHARSET =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

const labelRegExp = new RegExp(`^${LABEL}$`)
const subdomainRegExp = new RegExp(`^${SUBDOMAIN}$`)
const label1035RegExp = new RegExp(`^${LABEL_1035}$`)
const qualifiedRegExp = new RegExp(`^${QUALIFIED}$`)
const labelValueRegExp = new RegExp(`^(${QUALIFIED})?$`)
const configKeyRegExp = new RegExp(`^${CONFIG_KEY}$`)

const explain = (message: string, pattern: string, ...examples: string[]): string => {
  if (examples.length === 0) return `${message} (regex used for validation is '${pattern}')`
  return `${message} (e.g. ${examples.map((e) => `'${e}', `).join(' or ')}regex used for validation is '${pattern}')`
}
export const maxLength = (max: number): string => `must be no more than ${max} characters`
const bytesOf = (text: string): number => Buffer.byteLength(text)

export const dns1123Label = (value: string): string[] => {
  const faults = bytesOf(value) > 63 ? [maxLength(63)] : []
  if (!labelRegExp.test(value))
    faults.push(
      subdomainRegExp.test(value)
        ? 'must not contain dots'
        : explain(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            LABEL,
            'my-name',
            '123-abc',
          ),
    )
  return faults
}

export const dns1123Subdomain = (value: string): string[] => {
  const faults = bytesOf(value) > 253 ? [maxLength(253)] : []
  if (!subdomainRegExp.test(value))
    faults.push(
      explain(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        SUBDOMAIN,
        'example.com',
      ),
    )
  return faults
}

export const dns1035Label = (value: string): string[] => {
  const faults = bytesOf(value) > 63 ? [maxLength(63)] : []
  if (!label1035RegExp.test(value))
    faults.push(
      explain(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        LABEL_1035,
        'my-name',
        'abc-123',
      ),
    )
  return faults
}

/** Label and annotation keys, finalizers: an optional DNS prefix, a slash, a name. */
export const qualifiedName = (value: string): string[] => {
  const parts = value.split('/')
  if (parts.length > 2)
    return [
      `a qualified name ${explain(CHARSET, QUALIFIED, 'MyName', 'my.name', '123-abc')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  const faults: string[] = []
  const name = parts.at(-1) ?? ''
  if (parts.length === 2) {
    const prefix = parts[0] ?? ''
    if (prefix === '') faults.push('prefix part must be non-empty')
    else faults.push(...dns1123Subdomain(prefix).map((fault) => `prefix part ${fault}`))
  }
  if (name === '') faults.push('name part must be non-empty')
  else if (bytesOf(name) > 63) faults.push(`name part ${maxLength(63)}`)
  if (!qualifiedRegExp.test(name))
    faults.push(`name part ${explain(CHARSET, QUALIFIED, 'MyName', 'my.name', '123-abc')}`)
  return faults
}

export const labelValue = (value: string): string[] => {
  const faults = bytesOf(value) > 63 ? [maxLength(63)] : []
  if (!labelValueRegExp.test(value))
    faults.push(
      explain(
        `a valid label must be an empty string or ${CHARSET.replace('must consist', 'consist')}`,
        `(${QUALIFIED})?`,
        'MyValue',
        'my_value',
        '12345',
      ),
    )
  return faults
}

/** Keys of ConfigMaps and Secrets. */
export const configMapKey = (value: string): string[] => {
  const faults = bytesOf(value) > 253 ? [maxLength(253)] : []
  if (!configKeyRegExp.test(value))
    faults.push(
      explain(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        CONFIG_KEY,
        'key.name',
        'KEY_NAME',
        'key-name',
      ),
    )
  if (value === '.') faults.push("must not be '.'")
  else if (value === '..') faults.push("must not be '..'")
  else if (value.startsWith('..')) faults.push("must not start with '..'")
  return faults
}

/** A name that is one segment of a URL path: what RBAC objects need. */
export const pathSegmentName = (value: string): string[] => {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return ['/', '%'].filter((c) => value.includes(c)).map((c) => `may not contain '${c}'`)
}

/** The check of a `generateName`: its last dash is not the end of the name. */
export const asPrefix =
  (check: (value: string) => string[]): ((value: string) => string[]) =>
  (value) =>
    check(value.endsWith('-') && value.length > 1 ? `${value.slice(0, -2)}a` : value)
