import type { TSchema } from 'typebox'
import type { KubeObject, ResourceType } from '../api/meta.ts'
import { faultOfShape, withDefaults } from '../api/shape.ts'
import { StalledError } from './errors.ts'

/** What a kind's objects look like; kinds that are not ours have no schema here. */
type Shaped = ResourceType & { readonly spec?: TSchema; readonly status?: TSchema }

/** Why each object that does not fit does not; by the object as the store keeps it. */
const misfits = new WeakMap<object, string>()

/**
 * Makes stored objects safe to read. The API server checks what it is given, but not what it has kept since before a CRD changed, and
 * every index and every neighbour reads specs: one without the fields that the types promise would stop them all. Such an object gets
 * the defaults it lacks; one that cannot be mended so is shown with a spec of nothing but defaults, and `requireFit` stops its own pass.
 *
 * Only the shape counts. A value that a newer schema forbids is left to those who read it.
 */
export const fitting = (type: ResourceType): (<T extends KubeObject>(object: T) => T) => {
  const { spec, status } = type as Shaped
  if (spec === undefined) return (object) => object
  return (object) => {
    const faultOfStatus =
      object.status === undefined || status === undefined ? undefined : faultOfShape(object.status, status)
    const faultOfSpec = faultOfShape(object.spec, spec)
    if (faultOfSpec === undefined && faultOfStatus === undefined) return object
    const filled = withDefaults(object.spec ?? {}, spec)
    const faultOfFilled = faultOfSpec === undefined ? undefined : faultOfShape(filled, spec)
    const { status: _, ...withoutStatus } = object
    const fit = {
      ...(faultOfStatus === undefined ? object : withoutStatus),
      spec: faultOfFilled === undefined ? filled : withDefaults({}, spec),
    } as typeof object
    const fault = faultOfFilled === undefined ? faultOfStatus && `status${faultOfStatus}` : `spec${faultOfFilled}`
    if (fault !== undefined) misfits.set(fit, fault)
    return fit
  }
}

export const isFit = (object: object): boolean => !misfits.has(object)

/** Throws `StalledError` for an object that only looks as if it fitted. */
export const requireFit = (object: Readonly<KubeObject>): void => {
  const fault = misfits.get(object)
  if (fault === undefined) return
  const { kind, metadata } = object
  const advice =
    metadata.deletionTimestamp === undefined
      ? 'correct it (kubectl edit), or delete it and apply it anew'
      : 'correct it, and the deletion goes on; or remove its finalizers, and what it made stays'
  throw new StalledError(
    'Ready',
    'InvalidObject',
    `this ${kind} was stored before its definition changed, and does not fit it any more: ${fault}; ${advice}`,
  )
}
