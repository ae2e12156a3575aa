import type { ResourceType } from '../controller/api/meta.ts'
import { kinds } from '../controller/api/v1alpha1/kinds.ts'
import { CommandError } from './exit.ts'

/** The kind that a user's word means: kind, plural, singular or short name, in any case. */
export const findKind = (word: string): ResourceType => {
  const wanted = word.toLowerCase().replace(/\.komodo\.dev$/, '')
  const found = kinds.find(
    ({ kind, plural, singular, shortNames }) =>
      [kind.toLowerCase(), plural, singular].includes(wanted) || (shortNames as readonly string[]).includes(wanted),
  )
  if (found !== undefined) return found
  throw new CommandError(`there is no kind "${word}": one of ${kinds.map(({ plural }) => plural).join(', ')}`)
}
