import { writeFiles } from './kit/manifests.ts'
import { conformance } from './kit/scenario.ts'

const promise = conformance('helm', { cli: true, otherCrds: ['plants'] })

/** A chart with a CRD, a custom resource, a config map, a secret, a ServiceAccount and RBAC. */
const chart = (group: string): Record<string, string> => ({
  'chart/Chart.yaml': 'apiVersion: v2\nname: garden\nversion: 0.1.0\nappVersion: "1"\n',
  'chart/values.yaml': 'size: 1\n',
  'chart/crds/plants.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: plants.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {plural: plants, kind: Plant}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, maximum: 10}}}
`,
  'chart/templates/all.yaml': `apiVersion: ${group}/v1
kind: Plant
metadata: {name: {{ .Release.Name }}}
spec: {size: {{ .Values.size }}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data: {size: {{ .Values.size | quote }}}
---
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}}
stringData: {size: {{ .Values.size | quote }}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: {{ .Release.Name }}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: {{ .Release.Name }}}
rules: [{apiGroups: [${group}], resources: [plants], verbs: ['*']}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: {{ .Release.Name }}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ .Release.Name }}}
subjects: [{kind: ServiceAccount, name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}]
`,
})

const scrub = (output: string) =>
  output
    .replace(/RESOURCES:\n[\s\S]*(?=TEST SUITE)/, 'RESOURCES: in any order\n')
    .replace(/LAST DEPLOYED: .*/g, 'LAST DEPLOYED: TIME')
    .replace(/20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+ [+-]\d{4} \w+)?/g, 'TIME')
    .replace(/\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d 20\d\d/g, 'TIME')
    .split('\n')
    .map((line) =>
      line
        .trim()
        .split(/\s{2,}|\t/)
        .join('  '),
    )
    .join('\n')

promise('helm installs, upgrades, rolls back and removes a chart', async ({ helm, kubectl, home, group }) => {
  writeFiles(home, chart(group))
  await helm('install g chart --wait --timeout 30s', { scrub })
  await kubectl(`get plant,configmap,secret,serviceaccount,role,rolebinding -o name`)
  await helm('upgrade g chart --set size=5 --wait --timeout 30s', { scrub })
  await kubectl(`get plant g -o jsonpath='{.spec.size} {.metadata.generation}'`)
  await kubectl("get configmap g -o jsonpath='{.data.size}'")
  await helm('upgrade g chart --set size=50', { scrub })
  await helm('history g', { scrub })
  await helm('rollback g 1 --wait --timeout 30s', { scrub })
  await kubectl(`get plant g -o jsonpath='{.spec.size}'`)
  await helm('get values g', { scrub })
  await helm('status g', { scrub })
  await helm('uninstall g --wait --timeout 30s', { scrub })
  await kubectl('get configmap g')
  await helm('list', { scrub })
})
