import type { Attributes, Authorizer, Decision } from './authorizer.ts'

/** Members may do everything, whatever the roles say. */
const SUPERUSERS = 'system:masters'

export class RbacAuthorizer implements Authorizer {
  decide({ user }: Attributes): Decision {
    return { allowed: user.groups.includes(SUPERUSERS), reason: '' }
  }
}
