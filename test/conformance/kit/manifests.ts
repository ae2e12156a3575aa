import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Writes files of a test into its directory; parents are made. */
export const writeFiles = (dir: string, files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(dir, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text, { mode: 0o755 })
  }
}

export const configMapYaml = (
  name: string,
  data: Record<string, string>,
  labels: Record<string, string> = {},
): string =>
  `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
  labels: ${JSON.stringify(labels)}
data: ${JSON.stringify(data)}
`

/** An object of `widgetCrd(group, kind)`. */
export const widgetYaml =
  (kind: string) =>
  (group: string, name: string, spec: object, labels: Record<string, string> = {}): string =>
    `apiVersion: ${group}/v1
kind: ${kind}
metadata:
  name: ${name}
  labels: ${JSON.stringify(labels)}
spec: ${JSON.stringify(spec)}
`
