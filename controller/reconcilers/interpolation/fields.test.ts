import { describe, expect, it } from 'vitest'
import { kinds } from '../../api/v1alpha1/kinds.ts'
import { valueAt } from '../../json.ts'
import { variableNames } from '../../text/interpolate.ts'
import { type InterpolatedKind, interpolatedFields } from '../../text/interpolated-fields.ts'
import { textsOf } from './fields.ts'

/** Komodo behaviour §6.3, as it stands there. */
const komodo: Readonly<Record<InterpolatedKind, string>> = {
  Deployment: 'environment ports volumes labels command extra_args',
  Stack:
    'file_contents environment pre_deploy.command post_deploy.command compose_cmd_wrapper extra_args build_extra_args',
  Build: 'build_args secret_args labels pre_build.command dockerfile extra_args',
  Repo: 'environment on_clone.command on_pull.command',
  Action: 'file_contents arguments',
  Alerter: 'endpoint.params.url',
}

const snake = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

describe('the fields in which names are replaced', () => {
  it.each(Object.entries(komodo))('of %s are those of Komodo', (kind, fields) => {
    expect(Object.keys(interpolatedFields[kind as InterpolatedKind]).map(snake)).toEqual(fields.split(' '))
  })

  it('are of no other kind', () => expect(Object.keys(interpolatedFields).sort()).toEqual(Object.keys(komodo).sort()))

  const fields = Object.entries(interpolatedFields).flatMap(([kind, table]) =>
    Object.keys(table).map((field) => [kind as InterpolatedKind, field] as const),
  )

  it.each(fields)('%s: %s is a field of the kind, and its names are found', (kind, field) => {
    const schema = kinds.find((one) => one.kind === kind)?.spec
    const path = field.split('.')
    const type = valueAt(
      schema,
      path.flatMap((key) => ['properties', key]),
    ) as { type?: string } | undefined
    expect(['string', 'array']).toContain(type?.type)
    const value = type?.type === 'array' ? ['-x', '[[A]]'] : 'x [[A]]'
    const spec = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
    expect(textsOf(kind, spec).flatMap(variableNames)).toEqual(['A'])
  })

  it('do not take the placeholder of the wrapper for a variable', () => {
    const texts = textsOf('Stack', { composeCmdWrapper: 'op run [[ARGS]] -- [[COMPOSE_COMMAND]]' })
    expect(texts.flatMap(variableNames)).toEqual(['ARGS'])
  })
})
