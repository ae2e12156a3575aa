import { configMapYaml, widgetYaml as yamlOf } from './kit/manifests.ts'
import { conformance, type Scenario } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const widgetYaml = yamlOf('Gizmo')
const promise = conformance('kubectl-get', { crds: (group) => [widgetCrd(group, 'Gizmo')], cli: true })

/** An age and the padding of its column, which depends on how long the age is. */
const scrubAge = (output: string) =>
  output.replace(/(^|\s)(?:\d+m)?\d+[smh](?: {2,}|$)/gm, '$1AGE  ').replace(/ +$/gm, '')

const fill = async ({ kubectl, group }: Scenario) => {
  const manifests = [
    widgetYaml(group, 'alpha', { size: 3, color: 'red', ports: [{ port: 80 }] }, { app: 'x' }),
    widgetYaml(group, 'beta', { size: 1, color: 'green' }, { app: 'y' }),
    widgetYaml(group, 'gamma', { size: 2, color: 'red' }),
    configMapYaml('conf', { k: 'v' }, { app: 'x' }),
  ]
  await kubectl('create -f -', { stdin: manifests.join('---\n'), silent: true })
  await kubectl(
    `patch gizmo alpha --subresource=status --type=merge -p '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}'`,
    { silent: true },
  )
}

promise('kubectl get prints tables', async (scenario) => {
  const { kubectl, namespace, group } = scenario
  const scrub = scrubAge
  await fill(scenario)
  await kubectl('get gizmos', { scrub })
  await kubectl('get gizmo alpha', { scrub })
  await kubectl('get gizmos -o wide', { scrub })
  await kubectl('get gizmos --show-labels', { scrub })
  await kubectl('get gizmos -L app', { scrub })
  await kubectl('get gizmos --no-headers', { scrub })
  await kubectl(`get gizmos -A --field-selector=metadata.namespace=${namespace}`, { scrub })
  await kubectl('get gizmos,configmaps conf', { scrub })
  await kubectl('get configmap/conf gizmo/alpha', { scrub })
  await kubectl(`get wg${group.slice(0, 6)}`, { scrub })
  await kubectl(`get cat${group.slice(0, 6)}`, { scrub })
  await kubectl(`get gizmos.v1beta1.${group}`, { scrub })
  await kubectl('get gizmo none', { scrub })
  await kubectl('get secrets', { scrub })
  await kubectl('get nothings', { scrub })
})

promise('kubectl get selects and sorts', async (scenario) => {
  const { kubectl } = scenario
  const scrub = scrubAge
  await fill(scenario)
  await kubectl('get gizmos -l app=x', { scrub })
  await kubectl("get gizmos -l 'app in (x,y)'", { scrub })
  await kubectl("get gizmos -l '!app'", { scrub })
  await kubectl('get gizmos --field-selector=spec.color=red', { scrub })
  await kubectl('get gizmos --field-selector=metadata.name!=beta', { scrub })
  await kubectl('get gizmos --field-selector=spec.nope=1', { scrub })
  await kubectl('get gizmos --sort-by=.spec.size', { scrub })
  await kubectl('get gizmos --sort-by=.metadata.name --chunk-size=1', { scrub })
  await kubectl('get gizmos -l app=none', { scrub })
})

promise('kubectl get prints other formats', async (scenario) => {
  const { kubectl } = scenario
  await fill(scenario)
  await kubectl('get gizmo alpha -o yaml')
  await kubectl('get gizmo alpha -o json')
  await kubectl('get configmap conf -o yaml')
  await kubectl('get gizmos -o name')
  await kubectl('get gizmos -o custom-columns=NAME:.metadata.name,SIZE:.spec.size,PORT:.spec.ports[0].port')
  await kubectl(`get gizmos -o jsonpath='{range .items[*]}{.metadata.name}={.spec.size} {end}'`)
  await kubectl(`get gizmos -o go-template='{{range .items}}{{.metadata.name}} {{end}}'`)
  await kubectl('get gizmo alpha --subresource=status -o name')
})

promise('kubectl get --watch prints each change', async (scenario) => {
  const { kubectl, send, custom, group } = scenario
  await fill(scenario)
  const watching = kubectl('get gizmos --watch --output-watch-events --request-timeout=4s -o name', {
    scrub: (output) => output.replace(/^E\d{4}.*\n/gm, ''),
  })
  await new Promise((resolve) => setTimeout(resolve, 2_000)) // kubectl needs to have listed before the changes
  await send(
    'POST',
    `${custom}/gizmos`,
    { apiVersion: `${group}/v1`, kind: 'Gizmo', metadata: { name: 'new' } },
    { silent: true },
  )
  await send('DELETE', `${custom}/gizmos/beta`, undefined, { silent: true })
  await watching
})

const scrubDescribe = (output: string) =>
  output.replace(/(Age:?\s+|^ {2}\w+\s+\w+\s+)\d+[sm]\b/gm, '$1AGE').replace(/\b\d+s( +\w)/g, 'AGE$1')

promise('kubectl describe tells all there is', async (scenario) => {
  const { kubectl, send, core, namespace, group } = scenario
  await fill(scenario)
  const involvedObject = { apiVersion: `${group}/v1`, kind: 'Gizmo', name: 'alpha', namespace }
  const now = `${new Date().toISOString().slice(0, 19)}Z`
  await send(
    'POST',
    `${core}/events`,
    {
      metadata: { name: 'e1' },
      involvedObject,
      reason: 'Grown',
      message: 'Now it is big',
      type: 'Normal',
      source: { component: 'gardener' },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    },
    { silent: true },
  )
  await kubectl('describe gizmo alpha', { scrub: scrubDescribe })
  await kubectl('describe configmap conf')
  await kubectl('create secret generic hush --from-literal=a=b', { silent: true })
  await kubectl('describe secret hush')
  await kubectl('create serviceaccount bot', { silent: true })
  await kubectl('describe serviceaccount bot')
  await kubectl('create role reader --verb=get --resource=configmaps', { silent: true })
  await kubectl('describe role reader')
  // The real one has quotas and limits to tell of.
  await kubectl(`describe namespace ${namespace}`, {
    scrub: (output) => output.replace(/\nNo (resource quota|LimitRange resource)\.\n/g, ''),
  })
  await kubectl('describe gizmo none')
})

promise('kubectl events tells the story of an object', async (scenario) => {
  const { kubectl, send, core, namespace, group } = scenario
  await fill(scenario)
  const involvedObject = { apiVersion: `${group}/v1`, kind: 'Gizmo', name: 'alpha', namespace }
  for (const [index, [type, reason]] of [
    ['Normal', 'Planted'],
    ['Warning', 'Wilted'],
  ].entries()) {
    const at = new Date(Date.now() - (10 - index) * 1_000).toISOString()
    await send(
      'POST',
      `${core}/events`,
      {
        metadata: { name: `e${index}` },
        involvedObject,
        reason,
        message: `It was ${reason}`,
        type,
        source: { component: 'gardener' },
        firstTimestamp: `${at.slice(0, 19)}Z`,
        lastTimestamp: `${at.slice(0, 19)}Z`,
        count: 1,
      },
      { silent: true },
    )
  }
  await kubectl('events', { scrub: scrubAge })
  await kubectl('events --for gizmo/alpha --types=Warning', { scrub: scrubAge })
  await kubectl('events --for gizmo/beta')
  await kubectl('get events --sort-by=.metadata.name', { scrub: scrubAge })
  await kubectl('get events --field-selector=type=Warning -o name')
})

promise('kubectl explain documents a custom resource', async ({ kubectl, group }) => {
  await kubectl('explain gizmo')
  await kubectl('explain gizmo --recursive')
  await kubectl('explain gizmo.spec.ports')
  await kubectl('explain gizmo.spec.color')
  await kubectl(`explain gizmo --api-version=${group}/v1beta1`)
  await kubectl('explain gizmo.spec.nothing')
  await kubectl('explain nothing')
})

promise('kubectl wait waits for conditions, fields and deletion', async (scenario) => {
  const { kubectl } = scenario
  await fill(scenario)
  await kubectl('wait --for=condition=Ready gizmo/alpha --timeout=5s')
  await kubectl('wait --for=condition=Ready gizmo/beta --timeout=500ms')
  await kubectl("wait --for=jsonpath='{.spec.size}'=3 gizmo/alpha --timeout=5s")
  const waiting = kubectl('wait --for=condition=Ready gizmo/beta --timeout=20s')
  await kubectl(
    `patch gizmo beta --subresource=status --type=merge -p '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}'`,
    { silent: true },
  )
  await waiting
  const gone = kubectl('wait --for=delete gizmo/gamma --timeout=20s')
  await new Promise((resolve) => setTimeout(resolve, 1_500)) // kubectl says nothing when it comes too late
  await kubectl('delete gizmo gamma', { silent: true })
  await gone
  await kubectl('wait --for=create configmap/conf --timeout=5s')
  await kubectl('wait --for=condition=Ready gizmo/none --timeout=500ms')
})
