import type { Cause, JsonObject } from '../schema/contract.ts'
import { invalidValue } from '../schema/field.ts'
import { isObject } from '../schema/go.ts'
import { dns1123Subdomain } from '../schema/names.ts'
import { int32, microTime, optional, pointer, string, struct } from './go-type.ts'
import { type BuiltinKind, kindStruct } from './model.ts'

const V1 = 'io.k8s.api.coordination.v1'

/** Coordinated elections are a feature that is off in Kubernetes 1.34: what it would need is not kept. */
const dropElection = ({ spec }: JsonObject): void => {
  if (!isObject(spec)) return
  delete spec.strategy
  delete spec.preferredHolder
}

export const lease: BuiltinKind = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  namespaced: true,
  checkName: dns1123Subdomain,
  updateChecksAll: false,
  anyFinalizer: true,
  type: kindStruct(`${V1}.Lease`, 'Lease says who holds a role for how long.', {
    spec: optional(
      struct(`${V1}.LeaseSpec`, 'LeaseSpec is the holder and the term of a lease.', {
        holderIdentity: pointer(string, 'Who holds the lease.'),
        leaseDurationSeconds: pointer(int32, 'Seconds after renewTime that others must wait before they take it.'),
        acquireTime: pointer(microTime, 'When the holder took it.'),
        renewTime: pointer(microTime, 'When the holder renewed it last.'),
        leaseTransitions: pointer(int32, 'How often the holder changed.'),
        strategy: pointer(string, 'How a coordinated election picks the holder.'),
        preferredHolder: pointer(string, 'Who should take it next.'),
      }),
      'Holder and term.',
    ),
  }),
  prepareForCreate: dropElection,
  prepareForUpdate: dropElection,
  validate: ({ spec }) => specFaults(isObject(spec) ? spec : {}),
  validateUpdate: ({ spec }) => specFaults(isObject(spec) ? spec : {}),
}

const specFaults = (spec: Record<string, unknown>): Cause[] => {
  const causes: Cause[] = []
  if (typeof spec.leaseDurationSeconds === 'number' && spec.leaseDurationSeconds <= 0)
    causes.push(invalidValue('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0'))
  if (typeof spec.leaseTransitions === 'number' && spec.leaseTransitions < 0)
    causes.push(invalidValue('spec.leaseTransitions', spec.leaseTransitions, 'must be greater than or equal to 0'))
  return causes
}
