import type { ComposeRequest, ContainerRequest } from '../../controller/hosts/port.ts'

/** A container that needs nothing special; a case shows only what differs. */
export const containerRequest = (changes: Partial<ContainerRequest> = {}): ContainerRequest => ({
  name: 'web',
  owner: 'default/web',
  hash: 'h1',
  image: 'nginx:1.27',
  pull: 'missing',
  network: 'bridge',
  restart: 'no',
  command: '',
  environment: [],
  labels: [],
  ports: [],
  volumes: [],
  extraArgs: [],
  stop: { signal: 'SIGTERM', timeoutSeconds: 1 },
  healthDeadlineMs: 20_000,
  minReadyMs: 300,
  ...changes,
})

/** A stack whose compose file is given inline. */
export const composeRequest = (contents: string, changes: Partial<ComposeRequest> = {}): ComposeRequest => ({
  stack: 'web',
  owner: 'default/web',
  project: 'web',
  source: { type: 'inline', contents },
  runDirectory: '',
  filePaths: [],
  environment: [],
  envFilePath: '.env',
  additionalEnvFiles: [],
  profiles: [],
  wrapper: '',
  wrapperInclude: [],
  registryAuth: [],
  runBuild: false,
  buildExtraArgs: [],
  pull: true,
  destroyBeforeDeploy: false,
  removeOrphans: true,
  extraArgs: [],
  services: [],
  secrets: [],
  ...changes,
})
