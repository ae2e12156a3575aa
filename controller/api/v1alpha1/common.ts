import { choice, duration, flag, list, text } from './field.ts'
import Type from './schema.ts'

/** Fields and conditions that kinds share. */

/** Keys beside `config` in every block. */
export const wrapper = {
  description: text('Free text for humans.', { level: 'block', example: 'Front page of the shop.' }),
  template: flag('Marks the object as a template to copy from; a template is never deployed.', {
    default: false,
    level: 'block',
    since: '1.18.4',
  }),
  tags: list('Tags; each also becomes the label `tag.komodo.dev/<tag>`, so that `kubectl get -l` can select by it.', {
    level: 'block',
    example: '["prod", "eu"]',
  }),
}

/** Keys beside `config` in blocks of kinds that can be deployed. */
export const deployable = {
  deploy: flag(
    'true: keep it running as declared and heal drift, whoever caused it. false: observe, report drift, and touch nothing until asked.',
    { default: false, level: 'block' },
  ),
  after: list(
    'Names of Deployments and Stacks that must be Ready before this one is deployed. Deploying one of them deploys this one again.',
    { level: 'block', example: '["postgres"]' },
  ),
}

export const suspend = flag(
  'Stop reconciling the object: nothing is deployed, healed or synced until this is false again. Deletion still works.',
  { default: false },
)

export const interval = (description: string, value: string) =>
  duration(description, { default: value, example: value })

export const deletionPolicy = choice(
  ['Delete', 'Orphan'] as const,
  'What deleting the object does to what it made on the host. Delete: containers are removed, volumes are kept. Orphan: everything stays as it is.',
  { default: 'Delete' },
)

export const status = {
  conditions: Type.Optional(
    Type.Array(
      Type.Object(
        {
          type: Type.String({ description: 'Name of the condition.', maxLength: 316 }),
          status: Type.Enum(['True', 'False', 'Unknown'], { type: 'string', description: 'True, False or Unknown.' }),
          reason: Type.String({ description: 'CamelCase cause, for programs.', maxLength: 1024 }),
          message: Type.String({ description: 'What happened and what to do, for humans.', maxLength: 32768 }),
          observedGeneration: Type.Optional(
            Type.Integer({ description: 'Generation of the spec that was looked at.', format: 'int64', minimum: 0 }),
          ),
          lastTransitionTime: Type.String({
            description: 'When `status` last changed.',
            format: 'date-time',
          }),
        },
        { description: 'One aspect of the state.' },
      ),
      {
        description: 'What is known about the object; `Ready` sums the others up.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
      },
    ),
  ),
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'Generation of the spec that the status is about.', format: 'int64' }),
  ),
  lastHandledReconcileAt: Type.Optional(
    Type.String({ description: 'Value of the annotation `reconcile.komodo.dev/requestedAt` that was last acted on.' }),
  ),
}

/** Conditions of every kind, and what each means. */
export const commonConditions: Readonly<Record<string, string>> = {
  Ready: "True when all of the kind's own conditions are True.",
  Reconciling: 'Present and True while work is under way or retried.',
  Stalled: 'Present and True when only a human can make it go on; the message says how.',
}
