import Type from './schema.ts'

/** `operator` field of kinds that read files that are encrypted with SOPS. */
export const decryption = Type.Optional(
  Type.Object(
    {
      secret: Type.String({
        description:
          'Name of a Secret with age identities, as age-keygen prints them, under keys that end in `.agekey`. Example: `sops-age`.',
        minLength: 1,
      }),
    },
    { description: 'What opens files that SOPS encrypted with age. They are decrypted in memory only.' },
  ),
)
