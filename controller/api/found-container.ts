/** What the controller writes down about containers that it did not make, for `komodo import server`. */

/** A container, in the terms in which a Deployment declares one. Values of the environment are as they are: keep it in Secrets only. */
export interface FoundContainer {
  /** Docker's id. */
  id: string
  name: string
  /** Docker's state: running, exited, ... */
  state: string
  /** As given at creation. */
  image: string
  network: string
  restart: 'no' | 'on-failure' | 'always' | 'unless-stopped'
  /** Words, quoted as for a shell; empty: the image's. */
  command: string
  /** Without what comes from the image. */
  environment: readonly { key: string; value: string }[]
  /** Without what comes from the image. */
  labels: readonly { key: string; value: string }[]
  /** `local:container` as `docker run -p` and `-v` take them. */
  ports: readonly string[]
  volumes: readonly string[]
  /** Everything else, as flags of `docker run`. */
  extraArgs: readonly string[]
  /** What no flag can say, for the user. */
  beyond: readonly string[]
  /** It belongs to a compose project. */
  compose?: ComposeOrigin
}

/** By Compose's own labels. Paths are the host's. */
export interface ComposeOrigin {
  project: string
  service: string
  workingDirectory: string
  configFiles: readonly string[]
  environmentFiles: readonly string[]
}

/** Key of the Secret's data: the list of `FoundContainer`s, as JSON, compressed by gzip. */
export const INVENTORY_KEY = 'containers.json.gz'
export const INVENTORY_TYPE = 'komodo.dev/inventory'
