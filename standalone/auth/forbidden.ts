import { StatusError } from '../http/status.ts'
import { quote } from '../schema/go.ts'
import type { Attributes } from './authorizer.ts'

/** The refusal of the authorizer, in kube-apiserver's words. */
export const forbiddenByRbac = ({ user, verb, resource, path }: Attributes, reason = ''): StatusError => {
  const tail = reason ? `: ${reason}` : ''
  if (!resource) {
    return new StatusError(
      403,
      'Forbidden',
      `forbidden: User ${quote(user.username)} cannot ${verb} path ${quote(path ?? '')}${tail}`,
      {},
    )
  }
  const { group, plural, subresource, namespace, name } = resource
  const what = subresource ? `${plural}/${subresource}` : plural
  const where = namespace ? `in the namespace ${quote(namespace)}` : 'at the cluster scope'
  const front = group ? `${plural}.${group}` : plural
  const subject = name ? `${front} ${quote(name)}` : front
  return new StatusError(
    403,
    'Forbidden',
    `${subject} is forbidden: User ${quote(user.username)} cannot ${verb} resource ${quote(what)} in API group ${quote(group)} ${where}${tail}`,
    { ...(name && { name }), ...(group && { group }), kind: plural },
  )
}
