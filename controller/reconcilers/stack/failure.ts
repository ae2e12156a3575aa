import { type Stack, stackCondition } from '../../api/v1alpha1/stack.ts'
import { StalledError, TransientError, WaitingError } from '../../engine/errors.ts'
import { DeployFailedError } from '../../hosts/port.ts'
import { type Failure, recordFailure } from '../deploy-record.ts'
import { hostFailure } from '../host-failure.ts'
import { type Desired, intervalOf } from './look.ts'
import { INVALID_COMPOSE } from './plan.ts'
import type { Work } from './work.ts'

const { deployed } = stackCondition
const OUTPUT_LINES_SHOWN = 10
const WHEN_AGAIN = 'It is tried again when these files or the Stack change, or `komodo deploy` asks for it.'

/** Records what failed, and says whether the same inputs could ever work. */
export function failureOf(work: Work, serverName: string, error: unknown): unknown {
  const { pass, hash, deps, desired, stack } = work
  if (!(error instanceof DeployFailedError)) return hostFailure(serverName, deployed, error)
  const message = `On Server "${serverName}": ${error.message}${outputText(error)}`
  if (error.reason !== INVALID_COMPOSE) return new TransientError(deployed, error.reason, message, { cause: error })
  const failure = recordFailure(
    pass.status.fields,
    hash,
    { reason: error.reason, message: `${message}\n${WHEN_AGAIN}` },
    deps.clock.now(),
  )
  return permanentFailure(desired, stack, failure)
}

/** Inline contents only change with the Stack. Files on a host or in a repository may be corrected there: the next look finds out. */
const permanentFailure = ({ kind }: Desired, stack: Readonly<Stack>, { reason, message }: Failure) =>
  kind === 'inline'
    ? new StalledError(deployed, reason, message)
    : new WaitingError(deployed, reason, message, intervalOf(stack))

/** For inputs that a deploy before could not read. */
export const refusedBefore = ({ stack, desired }: Work): Error =>
  permanentFailure(
    desired,
    stack,
    stack.status?.lastDeploy?.failure ?? {
      reason: INVALID_COMPOSE,
      message: 'Compose could not read these files before.',
    },
  )

/** The end of the failing stage's output, unless the message has it already. */
function outputText({ message, log }: DeployFailedError): string {
  const failed = log.findLast(({ success }) => !success)
  const lines = (failed?.output ?? '').split('\n').filter((line) => line.trim() !== '')
  const last = lines.slice(-OUTPUT_LINES_SHOWN).join('\n')
  const lastLine = lines.at(-1)?.trim() ?? ''
  return last === '' || message.includes(lastLine) ? '' : `\n${last}`
}

export const lastFailureText = ({ status }: Readonly<Stack>, hash: string): string =>
  status?.failedHash === hash && status.lastDeploy?.failure !== undefined
    ? `. The last deploy failed: ${status.lastDeploy.failure.message}`
    : ''
