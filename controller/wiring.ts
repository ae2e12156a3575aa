import type { Wiring } from './operator.ts'

/** Every controller there is, and what it is given. */
export const wiring: Wiring = () => undefined
