import { list, secretFrom } from './field.ts'
import Type from './schema.ts'

/** Accounts at a git provider or an image registry, in the shape of Komodo's own configuration files. */

const account = Type.Object(
  {
    username: Type.String({
      description: 'User name at the provider. Objects choose the account by it. Example: `acme-bot`.',
      'x-komodo': { aliases: ['account'] },
    }),
    tokenFrom: secretFrom(
      'Secret with the access token or password. In TOML: `token`. At a git provider it may hold `identity` and `known_hosts` for ssh, or `ca.crt`, beside it.',
      { secretKey: 'token' },
    ),
  },
  { description: 'One account.' },
)

export const accounts = Type.Array(account, {
  description: 'Accounts, each with its user name and where its token is.',
  default: [],
  'x-komodo': { aliases: ['account'], level: 'block' },
})

/** Komodo keeps accounts in the configuration of one Periphery when only its host may use them. */
export const onlyServers = list('Servers whose objects may use these accounts; empty: all objects of the namespace.', {
  references: 'Server',
  example: '["nas"]',
})

export const accountsCondition = { accountsReady: 'AccountsReady' } as const
export const ACCOUNTS_MEANING = 'The Secret of each account is there and holds a token.'
