import type { ObjectKey } from '../../api/meta.ts'
import { type GitProvider, gitProviderKind } from '../../api/v1alpha1/git-provider.ts'
import { type ImageRegistry, imageRegistryKind } from '../../api/v1alpha1/image-registry.ts'
import { accountsCondition } from '../../api/v1alpha1/provider-account.ts'
import { WaitingError } from '../../engine/errors.ts'
import type { Lister } from '../../engine/lister.ts'
import type { Pass, Reconciler, Wake } from '../../engine/reconciler.ts'
import { NOT_BY_ITSELF_MS } from '../references.ts'
import type { SecretReader } from '../secrets.ts'

type Provider = GitProvider | ImageRegistry

const { accountsReady } = accountsCondition

/** Says whether the accounts at a provider can be used. Whoever uses them looks by itself. */
export const gitProviderReconciler = (lister: Lister<GitProvider>, secrets: SecretReader): Reconciler<GitProvider> => ({
  type: gitProviderKind,
  ...checkAccounts(lister, secrets),
})

export const imageRegistryReconciler = (
  lister: Lister<ImageRegistry>,
  secrets: SecretReader,
): Reconciler<ImageRegistry> => ({ type: imageRegistryKind, ...checkAccounts(lister, secrets) })

function checkAccounts<T extends Provider>(
  lister: Lister<T>,
  secrets: SecretReader,
): Pick<Reconciler<T>, 'owns' | 'wakeOn' | 'reconcile'> {
  return {
    owns: [accountsReady],
    wakeOn: [wakeBySecrets(lister, secrets)],
    async reconcile({ metadata, spec }, pass) {
      for (const { username, tokenFrom } of spec.accounts) {
        await checkToken(metadata.namespace ?? '', username, tokenFrom?.secretKeyRef, secrets, pass)
      }
      const count = spec.accounts.length
      pass.status.markTrue(
        accountsReady,
        'Ready',
        `${count === 1 ? '1 account' : `${count} accounts`} at ${spec.domain}`,
      )
      return {}
    },
  }
}

async function checkToken<T extends Provider>(
  namespace: string,
  username: string,
  reference: { name: string; key: string } | undefined,
  secrets: SecretReader,
  pass: Pass<T>,
): Promise<void> {
  const wait = (reason: string, message: string): never => {
    throw new WaitingError(accountsReady, reason, message, NOT_BY_ITSELF_MS)
  }
  if (reference === undefined)
    return wait('NoToken', `account "${username}" has no token: set tokenFrom, or \`token\` in TOML`)
  const token = (await secrets.read(namespace, reference.name, pass.signal))?.get(reference.key)
  if (!token) {
    return wait(
      'SecretNotFound',
      `the token of account "${username}" is not there: create key "${reference.key}" of Secret "${reference.name}"`,
    )
  }
  pass.redact([token])
}

/** A Secret that appears or changes concerns the providers that name it. */
const wakeBySecrets =
  <T extends Provider>(lister: Lister<T>, secrets: SecretReader): Wake =>
  (enqueue, signal) => {
    secrets.onChange((namespace, name) => {
      for (const { metadata, spec } of lister.list(namespace)) {
        if (spec.accounts.some(({ tokenFrom }) => tokenFrom?.secretKeyRef.name === name)) enqueue(metadata as ObjectKey)
      }
    }, signal)
  }
