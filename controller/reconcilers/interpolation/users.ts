import { type KubeObject, keyOf, keyText } from '../../api/meta.ts'
import { komodoNameOf } from '../../api/names.ts'
import type { Variable } from '../../api/v1alpha1/variable.ts'
import type { Lister } from '../../engine/lister.ts'
import type { Wake } from '../../engine/reconciler.ts'
import { variableNames } from '../../text/interpolate.ts'
import type { InterpolatedKind } from '../../text/interpolated-fields.ts'
import type { SecretReader } from '../secrets.ts'
import { textsOf } from './fields.ts'

const USES = 'variables'
const NESTS = 'nested-variables'
const SECRET = 'secret'

/** Which objects use which variables and Secrets, so that a change wakes exactly those. */
export class VariableUsers {
  readonly #variables: Lister<Variable>
  readonly #users: readonly UserLister[]

  constructor(variables: Lister<Variable>, users: readonly UserLister[]) {
    this.#variables = variables
    this.#users = users
    variables.addIndex(NESTS, (variable) =>
      variable.spec.isSecret ? [] : namesOf(variable.metadata.namespace, variableNames(variable.spec.value)),
    )
    variables.addIndex(SECRET, ({ metadata, spec }) =>
      spec.isSecret && spec.valueFrom
        ? [keyText({ namespace: metadata.namespace, name: spec.valueFrom.secretKeyRef.name })]
        : [],
    )
    for (const { lister, kind, secretsOf } of users) {
      lister.addIndex(USES, (object) => namesOf(object.metadata.namespace, usedNames(kind, object)))
      lister.addIndex(SECRET, (object) => namesOf(object.metadata.namespace, secretsOf(object)))
    }
  }

  /** How many objects use the variable, directly or through another variable. */
  count(variable: Readonly<Variable>): number {
    return this.#users.reduce((sum, { lister }) => sum + this.#of(lister, variable).size, 0)
  }

  /** Wakes the users among the objects of one kind when a variable, or a Secret they depend on, changes. */
  wake<T extends KubeObject>(lister: Lister<T>, secrets: SecretReader): Wake {
    return (enqueue, signal) => {
      this.#variables.onChange(({ before, after }) => {
        if (before !== undefined && after !== undefined && sameMeaning(before, after)) return
        for (const variable of [after, before]) {
          if (variable !== undefined) for (const object of this.#of(lister, variable)) enqueue(keyOf(object))
        }
      }, signal)
      secrets.onChange((namespace, name) => {
        const key = keyText({ namespace, name })
        for (const object of lister.byIndex(SECRET, key)) enqueue(keyOf(object))
        for (const variable of this.#variables.byIndex(SECRET, key)) {
          for (const object of this.#of(lister, variable)) enqueue(keyOf(object))
        }
      }, signal)
    }
  }

  /** Wakes variables whose Secret changes. */
  wakeVariables(secrets: SecretReader): Wake {
    return (enqueue, signal) => {
      secrets.onChange((namespace, name) => {
        for (const variable of this.#variables.byIndex(SECRET, keyText({ namespace, name }))) enqueue(keyOf(variable))
      }, signal)
    }
  }

  #of<T extends KubeObject>(lister: Lister<T>, variable: Readonly<Variable>): ReadonlySet<Readonly<T>> {
    const key = keyText({ namespace: variable.metadata.namespace, name: komodoNameOf(variable) })
    const users = new Set(lister.byIndex(USES, key))
    for (const outer of this.#variables.byIndex(NESTS, key)) {
      const outerKey = keyText({ namespace: outer.metadata.namespace, name: komodoNameOf(outer) })
      for (const object of lister.byIndex(USES, outerKey)) users.add(object)
    }
    return users
  }
}

/** One kind of objects that use variables. */
export interface UserLister {
  lister: Lister<KubeObject>
  kind: InterpolatedKind
  /** Secrets that the object names itself. */
  secretsOf(object: Readonly<KubeObject>): Iterable<string>
}

/** Keeps the object's own type while it is described. */
export const userLister = <T extends KubeObject>(user: {
  lister: Lister<T>
  kind: InterpolatedKind
  secretsOf(object: Readonly<T>): Iterable<string>
}): UserLister => user as unknown as UserLister

const usedNames = (kind: InterpolatedKind, { spec }: Readonly<KubeObject>): Set<string> =>
  new Set(textsOf(kind, spec).flatMap(variableNames))

const namesOf = (namespace: string | undefined, names: Iterable<string>): string[] =>
  Array.from(names, (name) => keyText({ namespace, name }))

const sameMeaning = (before: Readonly<Variable>, after: Readonly<Variable>): boolean =>
  before.metadata.generation === after.metadata.generation && komodoNameOf(before) === komodoNameOf(after)
