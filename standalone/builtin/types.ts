/** Every built-in resource, and how it is served. */
import type { BuiltinType, Printer, Subresource } from '../schema/contract.ts'
import {
  configMapPrinter,
  defaultPrinter,
  eventPrinter,
  leasePrinter,
  namespacePrinter,
  roleBindingPrinter,
  secretPrinter,
  serviceAccountPrinter,
} from '../table/builtin.ts'
import { customResourceDefinition } from './apiextensions.ts'
import { lease } from './coordination.ts'
import { configMap, namespace, secret, serviceAccount } from './core.ts'
import { coreEvent, event } from './event.ts'
import { type BuiltinKind, builtinModel } from './model.ts'
import { clusterRole, clusterRoleBinding, role, roleBinding } from './rbac.ts'

const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

interface Served {
  verbs?: readonly string[]
  shortNames?: readonly string[]
  categories?: readonly string[]
  subresources?: readonly Subresource[]
}

const served = (kind: BuiltinKind, plural: string, printer: Printer, options: Served = {}): BuiltinType => ({
  model: builtinModel(kind),
  plural,
  singular: kind.kind.toLowerCase(),
  shortNames: options.shortNames ?? [],
  categories: options.categories ?? [],
  verbs: options.verbs ?? ALL_VERBS,
  subresources: options.subresources ?? [],
  listKind: `${kind.kind}List`,
  printer,
})

export const builtinTypes: readonly BuiltinType[] = [
  served(configMap, 'configmaps', configMapPrinter, { shortNames: ['cm'] }),
  served(coreEvent, 'events', eventPrinter, { shortNames: ['ev'] }),
  served(namespace, 'namespaces', namespacePrinter, {
    shortNames: ['ns'],
    subresources: ['status'],
    verbs: ALL_VERBS.filter((verb) => verb !== 'deletecollection'),
  }),
  served(secret, 'secrets', secretPrinter),
  served(serviceAccount, 'serviceaccounts', serviceAccountPrinter, { shortNames: ['sa'] }),
  served(event, 'events', eventPrinter, { shortNames: ['ev'] }),
  served(lease, 'leases', leasePrinter),
  served(clusterRoleBinding, 'clusterrolebindings', roleBindingPrinter('ClusterRoleBinding')),
  served(clusterRole, 'clusterroles', defaultPrinter),
  served(roleBinding, 'rolebindings', roleBindingPrinter('RoleBinding')),
  served(role, 'roles', defaultPrinter),
  served(customResourceDefinition, 'customresourcedefinitions', defaultPrinter, {
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    subresources: ['status'],
  }),
]
