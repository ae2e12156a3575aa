import { configMapYaml, writeFiles, widgetYaml as yamlOf } from './kit/manifests.ts'
import { conformance } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const widgetYaml = yamlOf('Gadget')
const promise = conformance('kubectl-apply', { crds: (group) => [widgetCrd(group, 'Gadget')], cli: true })

promise('kubectl apply creates, leaves unchanged, configures and removes fields', async ({ kubectl, group }) => {
  const manifest = (size: number) =>
    `${configMapYaml('a', { k: String(size) })}---\n${widgetYaml(group, 'a', { size, color: 'red', ports: [{ port: 1 }] })}`
  await kubectl('apply -f -', { stdin: manifest(1) })
  await kubectl('apply -f -', { stdin: manifest(1) })
  await kubectl('apply -f -', { stdin: manifest(2) })
  await kubectl('apply -f -', { stdin: widgetYaml(group, 'a', { size: 2 }) })
  await kubectl("get gadget a -o jsonpath='{.spec}'")
})

promise('kubectl apply --server-side conflicts in words, and takes over by force', async ({ kubectl, group }) => {
  await kubectl('apply --server-side -f -', { stdin: widgetYaml(group, 'a', { size: 1, color: 'red' }) })
  await kubectl('apply --server-side --field-manager=other -f -', {
    stdin: widgetYaml(group, 'a', { size: 2, color: 'blue' }),
  })
  await kubectl('apply --server-side --field-manager=other --force-conflicts -f -', {
    stdin: widgetYaml(group, 'a', { size: 2, color: 'blue' }),
  })
  await kubectl('get gadget a -o yaml --show-managed-fields')
  await kubectl('apply -f -', { stdin: configMapYaml('b', { k: 'v' }) })
  await kubectl('apply --server-side -f -', { stdin: configMapYaml('b', { k: 'w' }) })
  await kubectl('get configmap b -o yaml --show-managed-fields')
})

promise(
  'kubectl apply of a directory reports each object, and a bad one does not stop the others',
  async ({ kubectl, home, group }) => {
    writeFiles(home, {
      'm/1.yaml': configMapYaml('one', { k: 'v' }),
      'm/2.yaml': widgetYaml(group, 'two', { size: 'big' }),
      'm/3.yaml': configMapYaml('three', { k: 'v' }),
      'm/4.yaml': 'apiVersion: none.example.com/v1\nkind: Nothing\nmetadata: {name: x}\n',
    })
    await kubectl('apply -f m')
    await kubectl('get configmap,gadget -o name')
  },
)

promise('kubectl apply --prune removes what the manifest no longer has', async ({ kubectl }) => {
  const both = `${configMapYaml('a', { k: '1' }, { app: 'x' })}---\n${configMapYaml('b', { k: '1' }, { app: 'x' })}`
  await kubectl('apply -f - -l app=x --prune --prune-allowlist=core/v1/ConfigMap', { stdin: both })
  await kubectl('apply -f - -l app=x --prune --prune-allowlist=core/v1/ConfigMap', {
    stdin: configMapYaml('a', { k: '1' }, { app: 'x' }),
  })
})

promise('kubectl apply refuses what does not fit the schema', async ({ kubectl, group }) => {
  await kubectl('apply -f -', { stdin: widgetYaml(group, 'a', { size: 1, sise: 2 }) })
  await kubectl('apply --validate=warn -f -', { stdin: widgetYaml(group, 'a', { size: 1, sise: 2 }) })
  await kubectl('apply --validate=ignore -f -', { stdin: widgetYaml(group, 'b', { size: 1, sise: 2 }) })
  await kubectl('apply -f -', {
    stdin: widgetYaml(group, 'c', { size: 1000 }),
  })
  await kubectl('apply -f -', { stdin: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\ndata: {k: 5}\n' })
  await kubectl('apply -f -', { stdin: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\nspec: {}\n' })
  await kubectl('create -f -', { stdin: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n' })
})

promise('kubectl apply --dry-run says what would happen', async ({ kubectl, group }) => {
  await kubectl('apply --dry-run=server -f -', { stdin: widgetYaml(group, 'a', { size: 1 }) })
  await kubectl('apply --dry-run=client -f -', { stdin: widgetYaml(group, 'a', { size: 1 }) })
  await kubectl('apply --dry-run=server -f -', { stdin: widgetYaml(group, 'a', { size: 1000 }) })
  await kubectl('get gadget')
})

/** Temporary directories and times of the two sides. */
const scrubDiff = (output: string) =>
  output
    .replace(/\/tmp\/(LIVE|MERGED)-\d+/g, '/tmp/$1')
    .replace(/\t20\d\d-.*$/gm, '')
    .replace(/^diff .*$/gm, 'diff')

promise('kubectl diff shows what apply would change', async ({ kubectl, group }) => {
  const manifest = (size: number) =>
    `${configMapYaml('a', { k: String(size) })}---\n${widgetYaml(group, 'a', { size })}`
  await kubectl('diff -f -', { stdin: manifest(1), scrub: scrubDiff })
  await kubectl('apply -f -', { stdin: manifest(1) })
  await kubectl('diff -f -', { stdin: manifest(1), scrub: scrubDiff })
  await kubectl('diff -f -', { stdin: manifest(2), scrub: scrubDiff })
  await kubectl('diff --server-side --force-conflicts -f -', { stdin: manifest(3), scrub: scrubDiff })
})

promise('kubectl create makes objects from literals', async ({ kubectl }) => {
  await kubectl('create configmap a --from-literal=k=v --from-literal=l=w')
  await kubectl('create configmap a --from-literal=k=v')
  await kubectl('create secret generic s --from-literal=password=hush')
  await kubectl("get secret s -o jsonpath='{.data.password}'")
  await kubectl('create serviceaccount bot')
  await kubectl('create role reader --verb=get,list --resource=configmaps,secrets --resource-name=a')
  await kubectl('create rolebinding reader --role=reader --serviceaccount=default:bot --user=ann')
  await kubectl('get role,rolebinding -o wide', { scrub: scrubAge })
  await kubectl('create role bad --verb=get --resource=nothings')
})

const scrubAge = (output: string) => output.replace(/\d+s +/g, 'AGE  ')

promise('kubectl edit sends what the editor leaves', async ({ kubectl, home, group }) => {
  writeFiles(home, {
    'edit.sh': '#!/bin/sh\nsed -i "s/size: 1/size: 7/" "$1"\n',
    'bad.sh':
      '#!/bin/sh\ngrep -q "size: 1000" "$1" && exec sed -i "/^#/d;s/size: 1000/size: 8/" "$1"\nsed -i "s/size: 7/size: 1000/" "$1"\n',
    'same.sh': '#!/bin/sh\ntrue\n',
    'status.sh': '#!/bin/sh\nprintf "status:\\n  phase: Edited\\n" >>"$1"\n',
  })
  await kubectl('apply -f -', { stdin: widgetYaml(group, 'a', { size: 1 }) })
  await kubectl('edit gadget a', { env: { KUBE_EDITOR: `${home}/edit.sh` } })
  await kubectl('edit gadget a', { env: { KUBE_EDITOR: `${home}/same.sh` } })
  await kubectl('edit gadget a', {
    env: { KUBE_EDITOR: `${home}/bad.sh` },
    scrub: (output) => output.replace(/\/tmp\/kubectl-edit-\d+/g, '/tmp/kubectl-edit'),
  })
  await kubectl('edit gadget a --subresource=status', { env: { KUBE_EDITOR: `${home}/status.sh` } })
  await kubectl("get gadget a -o jsonpath='{.spec.size} {.status.phase}'")
})

promise('kubectl patch takes three kinds of patch', async ({ kubectl, group }) => {
  await kubectl('apply -f -', { stdin: `${widgetYaml(group, 'a', { size: 1 })}---\n${configMapYaml('a', { k: 'v' })}` })
  await kubectl(`patch gadget a --type=merge -p '{"spec":{"size":2}}'`)
  await kubectl(`patch gadget a --type=merge -p '{"spec":{"size":2}}'`)
  await kubectl(`patch gadget a --type=json -p '[{"op":"replace","path":"/spec/size","value":3}]'`)
  await kubectl(`patch gadget a -p '{"spec":{"size":4}}'`)
  await kubectl(`patch configmap a -p '{"data":{"k":"w"}}'`)
  await kubectl(`patch gadget a --subresource=status --type=merge -p '{"status":{"phase":"Up"}}'`)
  await kubectl(`patch gadget a --type=json -p '[{"op":"remove","path":"/spec/none"}]'`)
  await kubectl(`patch gadget none --type=merge -p '{}'`)
})

promise('kubectl label and annotate change, keep and remove', async ({ kubectl, group }) => {
  await kubectl('apply -f -', { stdin: widgetYaml(group, 'a', { size: 1 }), silent: true })
  await kubectl('label gadget a tier=front')
  await kubectl('label gadget a tier=back')
  await kubectl('label gadget a tier=back --overwrite')
  await kubectl('label gadget a tier-')
  await kubectl('label gadget a bad=va!ue')
  await kubectl('annotate gadget a note=hello')
  await kubectl('annotate gadget --all note=there --overwrite')
  await kubectl('label gadget --all --list')
})

promise('kubectl replace needs the object to be there, unless forced', async ({ kubectl, group }) => {
  await kubectl('replace -f -', { stdin: widgetYaml(group, 'a', { size: 1 }) })
  await kubectl('create -f -', { stdin: widgetYaml(group, 'a', { size: 1 }) })
  await kubectl('replace -f -', { stdin: widgetYaml(group, 'a', { size: 2 }) })
  await kubectl('replace --force -f -', { stdin: widgetYaml(group, 'a', { size: 3 }) })
  await kubectl("get gadget a -o jsonpath='{.spec.size} {.metadata.generation}'")
})

promise('kubectl delete waits for the object to go', async ({ kubectl, group, home }) => {
  writeFiles(home, {
    'a.yaml': `${widgetYaml(group, 'a', {}, { app: 'x' })}---\n${widgetYaml(group, 'b', {}, { app: 'x' })}---\n${widgetYaml(group, 'c', {})}`,
  })
  await kubectl('apply -f a.yaml', { silent: true })
  await kubectl('delete gadget a')
  await kubectl('delete gadget a')
  await kubectl('delete gadget a --ignore-not-found')
  await kubectl('delete gadget -l app=x')
  await kubectl(`patch gadget c --type=merge -p '{"metadata":{"finalizers":["ex.org/hold"]}}'`)
  // A watch that its own deadline ends is told of or not, as two channels inside kubectl are read in one order or the other.
  await kubectl('delete gadget c --timeout=500ms', {
    scrub: (output) => output.replace(/.*reflector\.go.*very short watch.*\n/g, ''),
  })
  await kubectl('delete gadget c --wait=false')
  await kubectl(`patch gadget c --type=merge -p '{"metadata":{"finalizers":null}}'`)
  await kubectl('wait --for=delete gadget/c --timeout=10s')
  await kubectl('delete -f a.yaml --ignore-not-found')
  await kubectl('delete gadget --all')
  await kubectl('delete nothing a')
})

promise('kubectl delete --cascade decides about the children', async ({ kubectl }) => {
  await kubectl('create configmap owner', { silent: true })
  const uid = (await kubectl("get configmap owner -o jsonpath='{.metadata.uid}'", { silent: true })).trim()
  const child = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: child\n  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: ${uid}}]\n`
  await kubectl('create -f -', { stdin: child, silent: true })
  await new Promise((resolve) => setTimeout(resolve, 500)) // the collector learns of the child by a watch
  await kubectl('delete configmap owner --cascade=orphan')
  await kubectl("get configmap child -o jsonpath='{.metadata.name}{.metadata.ownerReferences}'")
})
