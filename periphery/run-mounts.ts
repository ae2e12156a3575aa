import { bool, bytes, commaFields, FlagValueError, pair, pairOrKey } from './run-values.ts'

/** The body of Docker's mount, as far as `--mount` can say it. */
export interface Mount {
  Type: string
  Target: string
  Source?: string
  ReadOnly?: boolean
  Consistency?: string
  BindOptions?: { Propagation?: string; NonRecursive?: boolean; CreateMountpoint?: boolean }
  VolumeOptions?: {
    NoCopy?: boolean
    Subpath?: string
    Labels?: Record<string, string>
    DriverConfig?: { Name?: string; Options?: Record<string, string> }
  }
  TmpfsOptions?: { SizeBytes?: number; Mode?: number }
}

/** `type=bind,source=/a,target=/b,readonly`: `docker run --mount`. */
export const mount = (value: string): Mount => {
  const result: Mount = { Type: 'volume', Target: '' }
  for (const field of commaFields(value)) {
    const [key, text] = pairOrKey(field)
    const read = fields[key.toLowerCase()]
    if (!read) throw new FlagValueError(`"${key}" is no field of a mount: use ${Object.keys(fields).join(', ')}`)
    read(result, text)
  }
  if (!result.Target) throw new FlagValueError(`mount "${value}" has no target`)
  if (result.Type === 'bind' && !result.Source?.startsWith('/')) {
    throw new FlagValueError(`mount "${value}" needs an absolute path on the host as source`)
  }
  return result
}

const flag = (text: string) => text === '' || bool(text)

const type = (mount: Mount, text: string) => {
  mount.Type = text
}
const source = (mount: Mount, text: string) => {
  mount.Source = text
}
const target = (mount: Mount, text: string) => {
  mount.Target = text
}
const readOnly = (mount: Mount, text: string) => {
  mount.ReadOnly = flag(text)
}

const fields: Readonly<Record<string, (mount: Mount, text: string) => void>> = {
  type,
  source,
  src: source,
  target,
  dst: target,
  destination: target,
  readonly: readOnly,
  ro: readOnly,
  consistency: (mount, text) => {
    mount.Consistency = text
  },
  'bind-propagation': (mount, text) => {
    mount.BindOptions = { ...mount.BindOptions, Propagation: text }
  },
  'bind-nonrecursive': (mount, text) => {
    mount.BindOptions = { ...mount.BindOptions, NonRecursive: flag(text) }
  },
  'bind-create-src': (mount, text) => {
    mount.BindOptions = { ...mount.BindOptions, CreateMountpoint: flag(text) }
  },
  'volume-nocopy': (mount, text) => {
    mount.VolumeOptions = { ...mount.VolumeOptions, NoCopy: flag(text) }
  },
  'volume-subpath': (mount, text) => {
    mount.VolumeOptions = { ...mount.VolumeOptions, Subpath: text }
  },
  'volume-label': (mount, text) => {
    const [key, value] = pairOrKey(text)
    mount.VolumeOptions = { ...mount.VolumeOptions, Labels: { ...mount.VolumeOptions?.Labels, [key]: value } }
  },
  'volume-driver': (mount, text) => {
    const driver = { ...mount.VolumeOptions?.DriverConfig, Name: text }
    mount.VolumeOptions = { ...mount.VolumeOptions, DriverConfig: driver }
  },
  'volume-opt': (mount, text) => {
    const [key, value] = pair(text)
    const driver = mount.VolumeOptions?.DriverConfig
    mount.VolumeOptions = {
      ...mount.VolumeOptions,
      DriverConfig: { ...driver, Options: { ...driver?.Options, [key]: value } },
    }
  },
  'tmpfs-size': (mount, text) => {
    mount.TmpfsOptions = { ...mount.TmpfsOptions, SizeBytes: bytes(text) }
  },
  'tmpfs-mode': (mount, text) => {
    if (!/^[0-7]{1,4}$/.test(text)) throw new FlagValueError(`"${text}" is no octal mode`)
    mount.TmpfsOptions = { ...mount.TmpfsOptions, Mode: Number.parseInt(text, 8) }
  },
}

/** One `-v`: a bind (`/a:/b[:ro]`), a named volume (`data:/b`) or, with a single path, an anonymous volume. */
export const volume = (value: string): { bind: string } | { anonymous: string } => {
  const parts = value.split(':')
  const [source = '', target] = parts
  if (parts.length > 3) throw new FlagValueError(`"${value}" has too many colons: expected source:/path[:options]`)
  if (target === undefined) {
    if (!source.startsWith('/')) throw new FlagValueError(`"${value}" is no absolute path in the container`)
    return { anonymous: source }
  }
  if (!target.startsWith('/')) {
    throw new FlagValueError(`"${value}": the path in the container (${target}) has to be absolute`)
  }
  if (!source.startsWith('/') && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(source)) {
    throw new FlagValueError(`"${value}": ${source || 'nothing'} is neither an absolute path nor the name of a volume`)
  }
  return { bind: value }
}
