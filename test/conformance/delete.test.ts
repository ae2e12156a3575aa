import { conformance } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const promise = conformance('delete', { crds: (group) => [widgetCrd(group)] })

promise(
  'A delete answers Success, or the object itself for some kinds',
  async ({ send, core, custom, group, namespace }) => {
    for (const resource of ['configmaps', 'secrets', 'serviceaccounts']) {
      await send('POST', `${core}/${resource}`, { metadata: { name: 'a' } }, { silent: true })
      await send('DELETE', `${core}/${resource}/a`)
      await send('DELETE', `${core}/${resource}/a`)
    }
    await send(
      'POST',
      `${custom}/widgets`,
      { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } },
      { silent: true },
    )
    await send('DELETE', `${custom}/widgets/a`)
    await send('DELETE', `${custom}/widgets/a`)
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
    await send('POST', leases, { metadata: { name: 'a' } }, { silent: true })
    await send('DELETE', `${leases}/a`)
    await send('DELETE', `${leases}/a`)
    const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`
    await send('POST', roles, { metadata: { name: 'a' } }, { silent: true })
    await send('DELETE', `${roles}/a`)
    await send('DELETE', `${roles}/a`)
  },
)

promise('Preconditions must hold', async ({ send, core, custom, group }) => {
  const created = await send('POST', `${core}/configmaps`, { metadata: { name: 'a' } })
  const { uid, resourceVersion } = created.json.metadata as Record<string, string>
  const options = (preconditions: object) => ({ kind: 'DeleteOptions', apiVersion: 'v1', preconditions })
  await send('DELETE', `${core}/configmaps/a`, options({ uid: '11111111-1111-1111-1111-111111111111' }))
  await send('DELETE', `${core}/configmaps/a`, options({ uid: '' }))
  await send('DELETE', `${core}/configmaps/a`, options({ resourceVersion: '1' }), { silent: true }).then(
    ({ status }) => {
      if (status !== 409) throw new Error(`status ${status}`)
    },
  )
  await send('DELETE', `${core}/configmaps/a`, options({ uid, resourceVersion }))
  await send(
    'POST',
    `${custom}/widgets`,
    { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } },
    { silent: true },
  )
  await send('DELETE', `${custom}/widgets/a`, options({ uid: '11111111-1111-1111-1111-111111111111' }))
})

promise('A body makes the server ignore the query', async ({ send, core }) => {
  await send('POST', `${core}/configmaps`, { metadata: { name: 'b' } }, { silent: true })
  await send('DELETE', `${core}/configmaps/b?dryRun=All`, { kind: 'DeleteOptions', apiVersion: 'v1' })
  await send('GET', `${core}/configmaps/b`)
})

promise('Options that do not fit are refused before the object is looked up', async ({ send, core, custom }) => {
  for (const base of [`${core}/configmaps`, `${custom}/widgets`]) {
    await send('DELETE', `${base}/none`, '{')
    await send('DELETE', `${base}/none`, { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['Some'] })
    await send('DELETE', `${base}/none`, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Never' })
    await send('DELETE', `${base}/none`, {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Orphan',
      orphanDependents: true,
    })
    await send('DELETE', `${base}/none?propagationPolicy=Never`)
  }
})

promise(
  'A finalizer holds the object, and nothing new may be added to it',
  async ({ send, patch, core, custom, group }) => {
    for (const [base, object] of [
      [`${core}/configmaps`, { apiVersion: 'v1', kind: 'ConfigMap' }],
      [`${custom}/widgets`, { apiVersion: `${group}/v1`, kind: 'Widget' }],
    ] as const) {
      await send('POST', base, { ...object, metadata: { name: 'a', finalizers: ['ex.org/a', 'ex.org/b'] } })
      await send('DELETE', `${base}/a`)
      await send('DELETE', `${base}/a`)
      await send('POST', base, { ...object, metadata: { name: 'a' } })
      await patch('merge', `${base}/a`, { metadata: { finalizers: ['ex.org/a', 'ex.org/b', 'ex.org/c'] } })
      await patch('merge', `${base}/a`, { metadata: { deletionTimestamp: null } })
      await patch('merge', `${base}/a`, { metadata: { labels: { still: 'writable' } } })
      await patch('merge', `${base}/a`, { metadata: { finalizers: ['ex.org/b'] } })
      await patch('merge', `${base}/a`, { metadata: { finalizers: null } })
      await send('GET', `${base}/a`)
    }
  },
)

promise('A dry-run delete of an object with finalizers leaves it', async ({ send, core }) => {
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a', finalizers: ['ex.org/a'] } }, { silent: true })
  await send('DELETE', `${core}/configmaps/a?dryRun=All`)
  await send('GET', `${core}/configmaps/a`)
})

promise('A collection is deleted by selector and answered as it was', async ({ send, core, custom, group }) => {
  for (const [name, app] of [
    ['a', 'x'],
    ['b', 'x'],
    ['c', 'y'],
  ] as const) {
    await send('POST', `${core}/configmaps`, { metadata: { name, labels: { app } } }, { silent: true })
    await send(
      'POST',
      `${custom}/widgets`,
      { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name, labels: { app } } },
      { silent: true },
    )
  }
  for (const base of [`${core}/configmaps`, `${custom}/widgets`]) {
    await send('DELETE', `${base}?labelSelector=app%3Dx&dryRun=All`, undefined, { silent: true })
    await send('DELETE', `${base}?labelSelector=app%3Dx`)
    const { json } = await send('GET', base, undefined, { silent: true })
    const left = (json.items as { metadata: { name: string } }[])
      .map(({ metadata }) => metadata.name)
      .filter((name) => name !== 'kube-root-ca.crt')
    if (left.join() !== 'c') throw new Error(`left: ${left}`)
  }
  await send('DELETE', `${core}/configmaps?fieldSelector=metadata.name%3Dc`)
  await send('DELETE', `${core}/configmaps?labelSelector=%3D%3D`)
})

const owned = (uid: unknown, more: object = {}) => [
  { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, ...more },
]

promise('What an owner owned is collected in the background', async ({ send, core, until, custom, group }) => {
  const owner = await send('POST', `${core}/configmaps`, { metadata: { name: 'owner' } }, { silent: true })
  const { uid } = owner.json.metadata as { uid: string }
  await send('POST', `${core}/secrets`, { metadata: { name: 'child', ownerReferences: owned(uid) } }, { silent: true })
  await send(
    'POST',
    `${custom}/widgets`,
    { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'child', ownerReferences: owned(uid) } },
    { silent: true },
  )
  await send(
    'POST',
    `${core}/secrets`,
    {
      metadata: {
        name: 'two',
        ownerReferences: [...owned(uid), { apiVersion: 'v1', kind: 'Namespace', name: 'default', uid: 'x' }],
      },
    },
    { silent: true },
  )
  await send('DELETE', `${core}/configmaps/owner?propagationPolicy=Background`)
  await until('the secret to go', `${core}/secrets/child`, ({ status }) => status === 404)
})

promise('Foreground deletion waits for the children that block it', async ({ send, core, until }) => {
  const owner = await send('POST', `${core}/configmaps`, { metadata: { name: 'owner' } }, { silent: true })
  const { uid } = owner.json.metadata as { uid: string }
  await send(
    'POST',
    `${core}/secrets`,
    {
      metadata: {
        name: 'child',
        finalizers: ['ex.org/hold'],
        ownerReferences: owned(uid, { blockOwnerDeletion: true }),
      },
    },
    { silent: true },
  )
  // The collector learns of the child by a watch; a moment later than we do.
  await new Promise((resolve) => setTimeout(resolve, 500))
  await send('DELETE', `${core}/configmaps/owner?propagationPolicy=Foreground`)
  await until(
    'the child to be asked to go',
    `${core}/secrets/child`,
    ({ json }) => (json.metadata as { deletionTimestamp?: string }).deletionTimestamp !== undefined,
  )
  await send('GET', `${core}/configmaps/owner`, undefined, { silent: true }).then(({ status }) => {
    if (status !== 200) throw new Error(`the owner went before its child: ${status}`)
  })
  await send(
    'PATCH',
    `${core}/secrets/child`,
    { metadata: { finalizers: null } },
    { silent: true, headers: { 'content-type': 'application/merge-patch+json' } },
  )
  await until('the owner to go', `${core}/configmaps/owner`, ({ status }) => status === 404)
})

promise('Orphaning takes the owner out of its children', async ({ send, core, until }) => {
  const owner = await send('POST', `${core}/configmaps`, { metadata: { name: 'owner' } }, { silent: true })
  const { uid } = owner.json.metadata as { uid: string }
  await send('POST', `${core}/secrets`, { metadata: { name: 'child', ownerReferences: owned(uid) } }, { silent: true })
  await new Promise((resolve) => setTimeout(resolve, 500))
  await send('DELETE', `${core}/configmaps/owner?propagationPolicy=Orphan`)
  await until('the owner to go', `${core}/configmaps/owner`, ({ status }) => status === 404)
  const { json } = await send('GET', `${core}/secrets/child`, undefined, { silent: true })
  if ((json.metadata as { ownerReferences?: unknown }).ownerReferences !== undefined)
    throw new Error('the child still has its owner')
})

promise('An object whose owner never was is collected', async ({ send, core, until }) => {
  await send(
    'POST',
    `${core}/secrets`,
    { metadata: { name: 'child', ownerReferences: owned('11111111-1111-1111-1111-111111111111') } },
    { silent: true },
  )
  await until('the orphan to go', `${core}/secrets/child`, ({ status }) => status === 404)
})

promise(
  'A namespace in deletion takes nothing new, and goes when it is empty',
  async ({ send, patch, core, until, namespace }) => {
    await send(
      'POST',
      `${core}/configmaps`,
      { metadata: { name: 'held', finalizers: ['ex.org/hold'] } },
      { silent: true },
    )
    await send('POST', `${core}/secrets`, { metadata: { name: 'free' } }, { silent: true })
    await send('DELETE', `/api/v1/namespaces/${namespace}`)
    await send('POST', `${core}/configmaps`, { metadata: { name: 'late' } })
    await until('the free object to go', `${core}/secrets/free`, ({ status }) => status === 404)
    await until('the condition', `/api/v1/namespaces/${namespace}`, ({ json }) =>
      ((json.status as { conditions?: { type: string; status: string }[] }).conditions ?? []).some(
        ({ type, status }) => type === 'NamespaceFinalizersRemaining' && status === 'True',
      ),
    )
    await patch('merge', `${core}/configmaps/held`, { metadata: { finalizers: null } }, { silent: true })
    await until('the namespace to go', `/api/v1/namespaces/${namespace}`, ({ status }) => status === 404)
  },
)

promise('The built-in namespaces cannot be deleted', async ({ send }) => {
  for (const name of ['default', 'kube-system', 'kube-public']) await send('DELETE', `/api/v1/namespaces/${name}`)
})

promise('A collection is deleted in one namespace, never in all', async ({ send, group }) => {
  await send('DELETE', '/api/v1/configmaps?labelSelector=none')
  await send('DELETE', '/apis/rbac.authorization.k8s.io/v1/roles?labelSelector=none')
  await send('DELETE', `/apis/${group}/v1/widgets?labelSelector=none`)
  await send('DELETE', `/apis/${group}/v1/namespaces/none/widgets?limit=x`)
})

promise('Options of the wrong type are refused, and nothing is deleted', async ({ send, core }) => {
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' } }, { silent: true })
  const options = (more: object) => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...more })
  for (const body of [
    options({ preconditions: 'none' }),
    options({ preconditions: { uid: 5 } }),
    options({ preconditions: { resourceVersion: 5 } }),
    options({ gracePeriodSeconds: 'x' }),
    options({ gracePeriodSeconds: 1.5 }),
    options({ dryRun: 'All' }),
    options({ dryRun: [5] }),
    options({ propagationPolicy: 5 }),
    options({ propagationPolicy: '' }),
    options({ orphanDependents: 'x' }),
    { kind: 'ConfigMap', apiVersion: 'v1' },
    { kind: 'Other', apiVersion: 'v1' },
    { kind: 5 },
    { kind: 'DeleteOptions', apiVersion: 5 },
    [],
    5,
  ]) {
    await send('DELETE', `${core}/configmaps/a`, JSON.stringify(body))
  }
  await send('DELETE', `${core}/configmaps/a?propagationPolicy=`)
  await send('DELETE', `${core}/configmaps/a`, 'null')
})

promise('Who loses an owner no longer has its field', async ({ send, core, until }) => {
  const owner = async (name: string) => {
    const { json } = await send('POST', `${core}/configmaps`, { metadata: { name } }, { silent: true })
    const { uid } = json.metadata as { uid: string }
    return { apiVersion: 'v1', kind: 'ConfigMap', name, uid }
  }
  const [goes, stays, orphans] = [await owner('goes'), await owner('stays'), await owner('orphans')]
  const child = (name: string, ownerReferences: object[]) =>
    send('POST', `${core}/configmaps`, { metadata: { name, ownerReferences } }, { silent: true })
  await child('of-two', [goes, stays])
  await child('orphan', [orphans])
  await send('DELETE', `${core}/configmaps/goes`, undefined, { silent: true })
  await send('DELETE', `${core}/configmaps/orphans?propagationPolicy=Orphan`, undefined, { silent: true })
  for (const [name, gone] of [
    ['of-two', goes],
    ['orphan', orphans],
  ] as const) {
    await until(`${name} to lose its owner`, `${core}/configmaps/${name}`, ({ json }) => {
      const { ownerReferences = [] } = json.metadata as { ownerReferences?: { uid: string }[] }
      return !ownerReferences.some(({ uid }) => uid === gone.uid)
    })
    await send('GET', `${core}/configmaps/${name}`)
  }
})
