import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import type { KubeObject, ResourceType } from '../api/meta.ts'
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
  const checkSpec = checker(spec)
  const checkStatus = status && checker(status)
  return (object) => {
    const faultOfStatus = object.status === undefined ? undefined : checkStatus?.(object.status)
    const faultOfSpec = checkSpec(object.spec)
    if (faultOfSpec === undefined && faultOfStatus === undefined) return object
    const filled = Value.Default(spec, structuredClone(object.spec ?? {}))
    const faultOfFilled = faultOfSpec === undefined ? undefined : checkSpec(filled)
    const { status: _, ...withoutStatus } = object
    const fit = {
      ...(faultOfStatus === undefined ? object : withoutStatus),
      spec: faultOfFilled === undefined ? filled : Value.Default(spec, {}),
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

/** The library reports no more than this. */
const MAX_ERRORS = 8

/** What is wrong with the shape of a value: `/after/0 must be string`. Compiled when first needed. */
const checker = (schema: TSchema): ((value: unknown) => string | undefined) => {
  let validator: ReturnType<typeof Compile<TSchema>> | undefined
  return (value) => {
    validator ??= Compile(schema)
    if (validator.Check(value)) return undefined
    const errors = validator.Errors(value)
    const wrong = errors.find(({ keyword }) => keyword === 'type' || keyword === 'required')
    const first = wrong ?? (errors.length >= MAX_ERRORS ? errors[0] : undefined)
    return first && `${first.instancePath} ${first.message}`
  }
}
