import { expect } from 'vitest'
import { conformance, type JsonObject, type Scenario } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const promise = conformance('read', { crds: (group) => [widgetCrd(group)] })

type Named = { metadata: { name: string; resourceVersion: string } }
const itemNames = (list: JsonObject) => (list.items as Named[]).map(({ metadata }) => metadata.name)
const metadataOf = (object: JsonObject) =>
  object.metadata as { resourceVersion: string; continue?: string; remainingItemCount?: number }

const fill = async ({ send, custom, core, group }: Scenario, count: number) => {
  for (let index = 0; index < count; index++) {
    const metadata = { name: `n${index}`, labels: { index: String(index), parity: index % 2 === 0 ? 'even' : 'odd' } }
    const color = ['red', 'green', 'blue'][index % 3]
    await send(
      'POST',
      `${custom}/widgets`,
      { apiVersion: `${group}/v1`, kind: 'Widget', metadata, spec: { size: index, color } },
      { silent: true },
    )
    await send(
      'POST',
      `${core}/secrets`,
      { metadata, type: index % 2 === 0 ? 'ex.org/even' : 'Opaque' },
      { silent: true },
    )
  }
}

promise('Lists of built-in kinds have bare items, those of custom resources have typed ones', async (scenario) => {
  await fill(scenario, 1)
  await scenario.send('GET', `${scenario.core}/secrets`)
  await scenario.send('GET', `${scenario.custom}/widgets`)
  await scenario.send('GET', `${scenario.custom}/widgets?limit=1`)
  await scenario.send('GET', `/apis/${scenario.group}/v1beta1/namespaces/${scenario.namespace}/widgets`)
})

promise('An empty list has an empty list of items', async ({ send, core, custom, namespace, group }) => {
  await send('GET', `${core}/secrets`)
  await send('GET', `${custom}/widgets`)
  await send('GET', `/api/v1/namespaces/not-there-${namespace}/secrets`)
  await send('GET', `/apis/${group}/v1/namespaces/not-there-${namespace}/widgets`)
})

promise('A name that is not there is 404 by resource and group', async ({ send, core, custom, namespace, group }) => {
  await send('GET', `${core}/configmaps/none`)
  await send('GET', `${custom}/widgets/none`)
  await send('GET', `/api/v1/namespaces/not-there-${namespace}`)
  await send('GET', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nones.${group}`)
  await send('GET', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/none`)
})

promise('Pages join to the whole list as it was at the first page', async (scenario) => {
  const { send, custom, core } = scenario
  await fill(scenario, 5)
  for (const base of [`${custom}/widgets`, `${core}/secrets`]) {
    const first = (await send('GET', `${base}?limit=2`, undefined, { silent: true })).json
    expect(metadataOf(first).remainingItemCount).toBe(3)
    await send('DELETE', `${base}/n3`, undefined, { silent: true })
    const second = (
      await send('GET', `${base}?limit=2&continue=${encodeURIComponent(metadataOf(first).continue ?? '')}`, undefined, {
        silent: true,
      })
    ).json
    expect(metadataOf(second).resourceVersion).toBe(metadataOf(first).resourceVersion)
    expect(metadataOf(second).remainingItemCount).toBe(1)
    const third = (
      await send(
        'GET',
        `${base}?limit=2&continue=${encodeURIComponent(metadataOf(second).continue ?? '')}`,
        undefined,
        { silent: true },
      )
    ).json
    expect([first, second, third].flatMap(itemNames)).toEqual(['n0', 'n1', 'n2', 'n3', 'n4'])
    expect(metadataOf(third).continue ?? '').toBe('')
    expect(metadataOf(third).remainingItemCount).toBeUndefined()
  }
})

promise('Pages with a selector do not say how many remain', async (scenario) => {
  const { send, custom } = scenario
  await fill(scenario, 5)
  const { json } = await send('GET', `${custom}/widgets?limit=1&labelSelector=parity%3Deven`, undefined, {
    silent: true,
  })
  expect(itemNames(json)).toEqual(['n0'])
  expect(metadataOf(json).continue).not.toBe('')
  expect(metadataOf(json).remainingItemCount).toBeUndefined()
})

promise('Label selectors of every form pick the same objects', async (scenario) => {
  const { send, custom, core } = scenario
  await fill(scenario, 4)
  const cases: [string, string[]][] = [
    ['parity=even', ['n0', 'n2']],
    ['parity==even', ['n0', 'n2']],
    ['parity!=even', ['n1', 'n3']],
    ['parity in (even,odd),index notin (0)', ['n1', 'n2', 'n3']],
    ['parity', ['n0', 'n1', 'n2', 'n3']],
    ['!parity', []],
    ['index>1', ['n2', 'n3']],
    ['index<1', ['n0']],
    ['none!=x', ['n0', 'n1', 'n2', 'n3']],
    ['parity=', []],
    [' parity = even , index = 2 ', ['n2']],
  ]
  for (const [selector, expected] of cases) {
    for (const base of [`${custom}/widgets`, `${core}/secrets`]) {
      const { json } = await send('GET', `${base}?labelSelector=${encodeURIComponent(selector)}`, undefined, {
        silent: true,
      })
      expect(itemNames(json), selector).toEqual(expected)
    }
  }
})

promise('Selectors that cannot be read are refused', async ({ send, custom, core }) => {
  for (const selector of ['a in b', '=', 'a=b=c', 'a b', 'a>x', 'bad key=x', 'a=bad value', 'a in ()', '!']) {
    await send('GET', `${core}/configmaps?labelSelector=${encodeURIComponent(selector)}`)
    await send('GET', `${custom}/widgets?labelSelector=${encodeURIComponent(selector)}`)
  }
  for (const selector of ['spec.size=1', 'nope', 'metadata.name', 'metadata.name in (a)']) {
    await send('GET', `${core}/configmaps?fieldSelector=${encodeURIComponent(selector)}`)
    await send('GET', `${custom}/widgets?fieldSelector=${encodeURIComponent(selector)}`)
    await send('GET', `${core}/events?fieldSelector=${encodeURIComponent(selector)}`)
  }
})

promise('Field selectors pick by name, namespace and what the kind offers', async (scenario) => {
  const { send, custom, core, namespace, group } = scenario
  await fill(scenario, 4)
  const cases: [string, string[]][] = [
    [`${custom}/widgets?fieldSelector=metadata.name%3Dn1`, ['n1']],
    [`${custom}/widgets?fieldSelector=metadata.name!%3Dn1`, ['n0', 'n2', 'n3']],
    [`/apis/${group}/v1/widgets?fieldSelector=metadata.namespace%3D${namespace},metadata.name%3Dn1`, ['n1']],
    [`${custom}/widgets?fieldSelector=spec.color%3Dred`, ['n0', 'n3']],
    [`${custom}/widgets?fieldSelector=spec.color!%3Dred&labelSelector=parity%3Dodd`, ['n1']],
    [`${core}/secrets?fieldSelector=type%3Dex.org/even`, ['n0', 'n2']],
    [`/api/v1/namespaces?fieldSelector=metadata.name%3D${namespace},status.phase%3DActive`, [namespace]],
  ]
  for (const [path, expected] of cases) {
    const { json, body, status } = await send('GET', path, undefined, { silent: true })
    expect(status, body).toBe(200)
    expect(itemNames(json), path).toEqual(expected)
  }
})

promise('A resourceVersion of a read says how old the answer may be', async (scenario) => {
  const { send, custom, core } = scenario
  await fill(scenario, 2)
  const first = (await send('GET', `${custom}/widgets`, undefined, { silent: true })).json
  const version = metadataOf(first).resourceVersion
  await send('DELETE', `${custom}/widgets/n0`, undefined, { silent: true })
  const names = async (query: string) => {
    const { json, status, body } = await send('GET', `${custom}/widgets?${query}`, undefined, { silent: true })
    expect(status, body).toBe(200)
    return itemNames(json)
  }
  expect(await names(`resourceVersion=${version}&resourceVersionMatch=Exact`)).toEqual(['n0', 'n1'])
  expect(await names('')).toEqual(['n1'])
  // Not older than the version: the server may still answer with what it had then.
  expect(await names(`resourceVersion=${version}&resourceVersionMatch=NotOlderThan`)).toContain('n1')
  expect(await names('resourceVersion=0')).toContain('n1')
  for (const base of [`${custom}/widgets`, `${core}/configmaps`]) {
    await send('GET', `${base}?resourceVersion=abc`)
    await send('GET', `${base}?resourceVersionMatch=Exact`)
    await send('GET', `${base}?resourceVersion=0&resourceVersionMatch=Exact`)
    await send('GET', `${base}?resourceVersion=1&resourceVersionMatch=Sometimes`)
    await send('GET', `${base}?resourceVersion=1&resourceVersionMatch=Exact&continue=abc`)
    await send('GET', `${base}?limit=abc`)
    await send('GET', `${base}?continue=abc`)
    await send('GET', `${base}?sendInitialEvents=true`)
    await send('GET', `${base}/none?resourceVersion=abc`)
  }
})

promise('A read from the future times out with a hint to try again', async ({ send, custom, core }) => {
  await send('GET', `${custom}/widgets?resourceVersion=999999999`)
  await send('GET', `${core}/configmaps?resourceVersion=999999999`)
  await send('GET', `${core}/configmaps/none?resourceVersion=999999999`)
})

promise('A continue token does not go with a resourceVersion', async (scenario) => {
  const { send, custom } = scenario
  await fill(scenario, 2)
  const { json } = await send('GET', `${custom}/widgets?limit=1`, undefined, { silent: true })
  const token = encodeURIComponent(metadataOf(json).continue ?? '')
  await send('GET', `${custom}/widgets?limit=1&continue=${token}&resourceVersion=1`)
  const zero = await send('GET', `${custom}/widgets?limit=1&continue=${token}&resourceVersion=0`, undefined, {
    silent: true,
  })
  expect(itemNames(zero.json)).toEqual(['n1'])
})

promise('Metadata alone can be asked for', async (scenario) => {
  const { send, custom, core } = scenario
  await fill(scenario, 1)
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
  const acceptOne = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
  await send('GET', `${custom}/widgets`, undefined, { headers: { accept } })
  await send('GET', `${core}/secrets/n0`, undefined, { headers: { accept: acceptOne } })
})

promise('A label selector is read in the words of Kubernetes', async ({ send, core }) => {
  for (const selector of [
    ...[
      'a in ()',
      'a in (b',
      'a in (b,,c)',
      'a in (,)',
      'a in (b c)',
      'a in ((b))',
      'a in (b)c',
      'a in (-x,-y)',
      'a,,b',
    ],
    ...[
      'A/b=c',
      '/b',
      'b/',
      'a/b/c',
      'x'.repeat(64),
      `a=${'x'.repeat(64)}`,
      'a>99999999999999999999',
      'a>-1',
      'in in (in)',
    ],
  ]) {
    await send('GET', `${core}/secrets?labelSelector=${encodeURIComponent(selector)}`)
  }
})

promise('A continue token that was made up is refused', async ({ send, record, core, custom }) => {
  const tokens = [
    { v: 'x', rv: 5, start: 'x' },
    { v: 'meta.k8s.io/v1', rv: 0, start: 'x' },
    { v: 'meta.k8s.io/v1', rv: 5 },
    { v: 'meta.k8s.io/v1', rv: 5, start: '../x' },
  ]
  for (const token of tokens) {
    const text = Buffer.from(JSON.stringify(token)).toString('base64url')
    for (const at of [`${core}/secrets`, `${custom}/widgets`]) {
      const { status, json } = await send('GET', `${at}?continue=${text}`, undefined, { silent: true })
      record(`${JSON.stringify(token)} for ${at}`, { status, message: json.message })
    }
  }
  await send('GET', `${core}/secrets?resourceVersion=99999999999999999999`)
  await send('GET', `${core}/secrets/none?resourceVersion=99999999999999999999`)
})
