import path from 'node:path'
import type { FoundContainer } from '../controller/api/found-container.ts'
import { parseKeyValues } from '../controller/text/key-values.ts'
import { quoteWord } from '../controller/text/words.ts'
import type { WritableObject } from '../controller/toml/write.ts'

/** Values of the environment whose name says that they are secret: left out, or moved to secret variables, or written as they are. */
export type SecretHandling = 'leave' | 'variables' | 'inline'

export interface FoundDeclarations {
  objects: WritableObject[]
  /** Secret values, by the name of the variable that the declarations use. */
  variables: Map<string, string>
  /** What the declarations cannot say, by the object concerned. */
  notes: { object: string; message: string }[]
}

export interface FoundOptions {
  /** Komodo name of the Server. */
  server: string
  secrets: SecretHandling
}

/**
 * Declarations of what runs on a host already: each compose project a Stack with its files where they are, each other container a
 * Deployment. All with `deploy = false`, to be observed first, and with `adopt`, so that nothing restarts later either.
 */
export function declarationsOf(containers: readonly FoundContainer[], options: FoundOptions): FoundDeclarations {
  const result: FoundDeclarations = { objects: [], variables: new Map(), notes: [] }
  const projects = Map.groupBy(
    containers.filter(({ compose }) => compose !== undefined),
    ({ compose }) => compose!.project,
  )
  for (const [project, members] of projects) {
    const { stack, notes } = stackOf(project, members, options)
    if (stack !== undefined) result.objects.push(stack)
    for (const message of notes) result.notes.push({ object: `project ${project}`, message })
  }
  for (const container of containers) {
    if (container.compose === undefined) result.objects.push(deploymentOf(container, options, result))
  }
  return result
}

function stackOf(
  project: string,
  members: readonly FoundContainer[],
  { server }: FoundOptions,
): { stack?: WritableObject; notes: string[] } {
  const origins = members.map(({ compose }) => compose!)
  const [first] = origins
  const { workingDirectory, configFiles, environmentFiles } = first!
  if (workingDirectory === '' || configFiles.length === 0) {
    return { notes: ['Compose did not note where its files are: declare it by hand'] }
  }
  const elsewhere = origins.filter((origin) => origin.configFiles.join() !== configFiles.join())
  const notes =
    elsewhere.length === 0
      ? []
      : [`its containers were made from different files; these are taken: ${configFiles.join(', ')}`]
  const inDirectory = (file: string): string => {
    const relative = path.posix.relative(workingDirectory, file)
    return relative.startsWith('../') ? file : relative
  }
  const files = configFiles.map(inDirectory)
  const envFiles = environmentFiles.map(inDirectory)
  const spec = {
    server,
    projectName: project,
    filesOnHost: true,
    runDirectory: workingDirectory,
    filePaths: files,
    // Compose reads the last one last, and so does a Stack with the file of `envFilePath`.
    additionalEnvFiles: envFiles.slice(0, -1).map((file) => ({ path: file, track: true })),
    ...(envFiles.length > 0 && { envFilePath: envFiles.at(-1) }),
    // A newer image, or a service from another file, would be a restart or a removal.
    autoPull: false,
    operator: { adopt: true, removeOrphans: false },
  }
  return { stack: { kind: 'Stack', name: project, spec }, notes }
}

function deploymentOf(
  found: FoundContainer,
  { server, secrets }: FoundOptions,
  { variables, notes }: FoundDeclarations,
): WritableObject {
  const { name, id, image, network, restart, command, ports, volumes } = found
  const note = (message: string) => notes.push({ object: `container ${name}`, message })
  for (const message of found.beyond) note(message)

  const environment = found.environment.map(({ key, value }) => {
    if (secrets === 'inline' || !isSecretName(key) || value === '') return { key, value: literal(value) }
    const variable = variableName(name, key)
    variables.set(variable, value)
    return { key, value: `[[${variable}]]` }
  })
  const env = lines(environment, '=')
  const labels = lines(
    found.labels.map(({ key, value }) => ({ key, value: literal(value) })),
    ': ',
  )
  const extraArgs = [
    ...found.extraArgs.map(literal),
    ...env.rest.map(({ key, value }) => `--env=${quoteWord(`${key}=${value}`)}`),
    ...labels.rest.map(({ key, value }) => `--label=${quoteWord(`${key}=${value}`)}`),
  ]
  const spec = {
    server,
    image: { type: 'Image', params: { image } },
    network,
    restart,
    command: literal(command),
    ports: ports.join('\n'),
    volumes: literal(volumes.join('\n')),
    environment: env.text,
    labels: labels.text,
    extraArgs,
    operator: { adopt: id },
  }
  return { kind: 'Deployment', name, spec }
}

/** What looks like a variable and was meant as it is, in the spelling that stays so. */
const literal = (text: string): string => text.replaceAll(/\[\[([A-Za-z_][A-Za-z0-9_]*)\]\]/g, '[[[$1]]]')

interface Pair {
  key: string
  value: string
}

/** Pairs as key-value text; those that would not be read back as they are are the rest. */
function lines(pairs: readonly Pair[], separator: string): { text: string; rest: Pair[] } {
  const fits = ({ key, value }: Pair): boolean => {
    try {
      const [read, ...more] = parseKeyValues(`${key}${separator}${value}`)
      return more.length === 0 && read?.key === key && read.value === value && !/^(["']).*\1$/s.test(value)
    } catch {
      return false
    }
  }
  return {
    text: pairs
      .filter(fits)
      .map(({ key, value }) => `${key}${separator}${value}`)
      .join('\n'),
    rest: pairs.filter((pair) => !fits(pair)),
  }
}

const isSecretName = (name: string): boolean =>
  /(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|_KEY|APIKEY|_PW|_PASS)(_|S?$|_?[A-Z0-9]*$)/i.test(
    name,
  ) &&
  // The path of a file is none.
  !/_FILE$/i.test(name)

const variableName = (container: string, key: string): string =>
  `${container}_${key}`.replaceAll(/[^A-Za-z0-9]+/g, '_').toUpperCase()
