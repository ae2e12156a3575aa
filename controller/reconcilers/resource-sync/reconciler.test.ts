import { describe } from 'vitest'
import { resourceSyncSuite } from '../../../test/conformance/resource-sync.ts'
import { startSyncOperator } from '../../../test/harness/sync-operator.ts'

// The same on a real cluster: test/integration/sync-on-cluster.test.ts.
describe('on the standalone API', () => resourceSyncSuite(startSyncOperator))
