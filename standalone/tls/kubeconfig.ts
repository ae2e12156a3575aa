import { writeAtomically } from './atomic-file.ts'
import type { Pki } from './pki.ts'

/** Writes a kubeconfig whose user is the admin. JSON is YAML, and needs no quoting rules. */
export const writeKubeconfig = (file: string, url: string, { authority, admin }: Pki): Promise<void> => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'standalone', cluster: { server: url, 'certificate-authority-data': base64(`${authority.cert}\n`) } },
    ],
    users: [
      {
        name: 'admin',
        user: { 'client-certificate-data': base64(`${admin.cert}\n`), 'client-key-data': base64(`${admin.key}\n`) },
      },
    ],
    contexts: [{ name: 'standalone', context: { cluster: 'standalone', user: 'admin', namespace: 'default' } }],
    'current-context': 'standalone',
  }
  return writeAtomically(file, `${JSON.stringify(config, null, 2)}\n`)
}
