import Type from './schema.ts'

/** Status that kinds share which are deployed to a server. */
export const deployStatus = {
  deployedHash: Type.Optional(
    Type.String({ description: 'Hash of all that was deployed; the values of secrets only enter it keyed.' }),
  ),
  failedHash: Type.Optional(
    Type.String({ description: 'Hash of what could not be deployed; not tried again by itself.' }),
  ),
  rollout: Type.Optional(
    Type.Object(
      {
        hash: Type.String({ description: 'Hash of what is being deployed.' }),
        reason: Type.String({ description: 'Why it is deployed.' }),
        startedAt: Type.String({ description: 'When the deploy began.', format: 'date-time' }),
        asked: Type.Optional(Type.Boolean({ description: 'Somebody asked for it, so images are pulled in any case.' })),
      },
      { description: 'The deploy that is under way.' },
    ),
  ),
  lastDeploy: Type.Optional(
    Type.Object(
      {
        at: Type.Optional(Type.String({ description: 'When the deploy ended.', format: 'date-time' })),
        reason: Type.Optional(Type.String({ description: 'Why it was deployed.' })),
        succeeded: Type.Optional(Type.Boolean({ description: 'Whether it went through.' })),
        failure: Type.Optional(
          Type.Object(
            {
              reason: Type.String({ description: 'CamelCase cause, for programs.' }),
              message: Type.String({ description: 'What happened and what to do.', maxLength: 8192 }),
            },
            { description: 'Why it did not go through.' },
          ),
        ),
      },
      { description: 'The last deploy that ended, and how.' },
    ),
  ),
  deployToken: Type.Optional(
    Type.String({ description: 'Stands for all that asked for deploys beside changes of the declaration.' }),
  ),
  parents: Type.Optional(
    Type.Array(
      Type.Object({
        kind: Type.String({ description: 'Kind of the object: Deployment or Stack.' }),
        name: Type.String({ description: 'Name of the object.' }),
        hash: Type.String({ description: 'Its `deployedHash` at that time.' }),
      }),
      {
        description: 'What the objects in `after` had deployed when this one was: a newer one deploys this one again.',
      },
    ),
  ),
  leftovers: Type.Optional(
    Type.Array(
      Type.Object({
        server: Type.String({ description: 'Name of the Server.' }),
        name: Type.String({ description: 'Name of the container or compose project.' }),
      }),
      {
        description:
          'What is to be removed once it runs where it belongs: from places where it ran before, or where a deploy began that came to no end.',
      },
    ),
  ),
  lastHandledDeployChangesAt: Type.Optional(
    Type.String({
      description: 'Value of the annotation `komodo.dev/deployChangesRequestedAt` that was last acted on.',
    }),
  ),
  lastHandledDeployAt: Type.Optional(
    Type.String({ description: 'Value of the annotation `komodo.dev/deployRequestedAt` that was last acted on.' }),
  ),
}
