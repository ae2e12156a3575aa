/**
 * Labels on the containers of Deployments. With the names they are all that a rollout knows about its own past; a host's events carry
 * them.
 */
export const containerLabel = {
  /** `namespace/name` of the Deployment that made the container. */
  owner: 'komodo.dev/owner',
  /** Hash of the desired state it was made from. */
  hash: 'komodo.dev/hash',
  /** `true` among a Deployment's labels: a container of its name that somebody else made may be replaced. */
  adopt: 'komodo.dev/adopt',
} as const

/** What Docker Compose puts on its containers. */
export const composeLabel = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  configHash: 'com.docker.compose.config-hash',
  oneOff: 'com.docker.compose.oneoff',
  workingDirectory: 'com.docker.compose.project.working_dir',
  configFiles: 'com.docker.compose.project.config_files',
  environmentFile: 'com.docker.compose.project.environment_file',
} as const
