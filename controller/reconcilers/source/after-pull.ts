import type { Repo } from '../../api/v1alpha1/repo.ts'
import type { AfterPull, HostCommand } from '../../hosts/port.ts'
import { type InterpolationDeps, interpolated, type Made, type Redacting } from '../interpolation/context.ts'
import { dotenvValue } from '../interpolation/dotenv.ts'
import { pairs, type Texts } from '../interpolation/texts.ts'

/**
 * What follows when the files of a Repo were written: its env file and its commands, with names replaced. The Repo itself does it, and
 * each Stack that links it, as in Komodo.
 *
 * @param condition the one of whoever asks that a missing variable belongs to
 */
export const afterPullOf = (
  repo: Readonly<Repo>,
  condition: string,
  pass: Redacting,
  deps: InterpolationDeps,
): Promise<Made<AfterPull>> =>
  interpolated('Repo', repo, condition, pass, deps, (values) => {
    const { environment, envFilePath, onClone, onPull } = repo.spec
    return {
      environment: pairs('environment', environment, values, condition, undefined, dotenvValue),
      envFilePath,
      ...command('onClone', onClone, values),
      ...command('onPull', onPull, values),
    }
  })

/** Whether there may be files after a pull that the repository itself does not have. */
export const makesFiles = ({ environment, onClone, onPull }: AfterPull): boolean =>
  environment.length > 0 || onClone !== undefined || onPull !== undefined

const command = <Field extends 'onClone' | 'onPull'>(
  field: Field,
  { path, command, shellMode }: HostCommand,
  values: Texts,
): { [field in Field]?: HostCommand } =>
  command.trim() === ''
    ? {}
    : ({ [field]: { path, command: values.text(`${field}.command`, command), shellMode } } as {
        [f in Field]: HostCommand
      })
