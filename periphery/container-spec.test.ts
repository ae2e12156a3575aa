import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ContainerRequest } from '../controller/hosts/port.ts'
import { containerRequest } from '../test/build/container-request.ts'
import { containerSpec } from './container-spec.ts'
import { booleanFlags, refusedFlags, shorthands, valueFlags } from './run-flag-table.ts'

const spec = (changes: Partial<ContainerRequest>) => containerSpec(containerRequest(changes)).spec
const withFlags = (...extraArgs: string[]) => spec({ extraArgs })
const labels = { 'komodo.dev/owner': 'default/web', 'komodo.dev/hash': 'h1' }

describe('a Deployment as Docker is asked for it', () => {
  it('says nothing more than it has to', () => {
    expect(containerSpec(containerRequest({ network: 'host' }))).toEqual({
      pull: 'missing',
      spec: {
        Image: 'nginx:1.27',
        Env: [],
        Labels: labels,
        StopSignal: 'SIGTERM',
        StopTimeout: 1,
        HostConfig: { NetworkMode: 'host', RestartPolicy: { Name: 'no' } },
      },
    })
  })

  const cases: [string, Partial<ContainerRequest>, object][] = [
    [
      'publishes a port on its network',
      { ports: ['8080:80'], network: 'bridge' },
      {
        ExposedPorts: { '80/tcp': {} },
        HostConfig: { NetworkMode: 'bridge', PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } },
      },
    ],
    [
      'publishes on an address, with a protocol',
      { ports: ['127.0.0.1:8080:80/udp', '[::1]:81:81'] },
      {
        HostConfig: {
          PortBindings: {
            '80/udp': [{ HostIp: '127.0.0.1', HostPort: '8080' }],
            '81/tcp': [{ HostIp: '::1', HostPort: '81' }],
          },
        },
      },
    ],
    [
      'publishes ranges',
      { ports: ['8000-8001:80-81'] },
      {
        HostConfig: {
          PortBindings: {
            '80/tcp': [{ HostIp: '', HostPort: '8000' }],
            '81/tcp': [{ HostIp: '', HostPort: '8001' }],
          },
        },
      },
    ],
    ['mounts a path read-only', { volumes: ['/d:/d:ro'] }, { HostConfig: { Binds: ['/d:/d:ro'] } }],
    ['mounts a named volume', { volumes: ['data:/d'] }, { HostConfig: { Binds: ['data:/d'] } }],
    [
      'gives up restarting on failure after ten times, as Komodo does',
      { restart: 'on-failure' },
      { HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 10 } } },
    ],
    [
      'leaves values of variables alone, whatever a shell would make of them',
      {
        environment: [
          { key: 'A', value: 'x y' },
          { key: 'B', value: '$HOME `id` "\\' },
        ],
      },
      { Env: ['A=x y', 'B=$HOME `id` "\\'] },
    ],
    [
      'labels, and appends the command',
      { labels: [{ key: 'deployment.type', value: 'logger' }], command: '--port 80' },
      { Labels: { ...labels, 'deployment.type': 'logger' }, Cmd: ['--port', '80'] },
    ],
    [
      'joins a network of its own',
      { network: 'front', extraArgs: ['--network-alias=www', '--ip', '10.0.0.2'] },
      {
        HostConfig: { NetworkMode: 'front' },
        NetworkingConfig: {
          EndpointsConfig: { front: { Aliases: ['www'], IPAMConfig: { IPv4Address: '10.0.0.2' } } },
        },
      },
    ],
    [
      'lets a flag name other networks instead',
      { network: 'host', extraArgs: ['--network front', '--net name=back,alias=db'] },
      {
        HostConfig: { NetworkMode: 'front' },
        NetworkingConfig: { EndpointsConfig: { front: {}, back: { Aliases: ['db'] } } },
      },
    ],
  ]
  for (const [name, changes, expected] of cases) it(name, () => expect(spec(changes)).toMatchObject(expected))

  it('never lets labels of the user stand for ours', () => {
    expect(spec({ labels: [{ key: 'komodo.dev/owner', value: 'other' }] }).Labels).toEqual(labels)
    expect(() => withFlags('--label komodo.dev/hash=x')).toThrow(/the operator's own/)
  })

  const wrong: [Partial<ContainerRequest>, RegExp][] = [
    [{ name: 'a' }, /cannot be the name of a container/],
    [{ name: '--help' }, /cannot be the name of a container/],
    [{ image: ' ' }, /has no image/],
    [{ ports: ['80:http'] }, /ports: "80:http" is no port/],
    [{ ports: ['70000:80'] }, /ports go from 1 to 65535/],
    [{ volumes: ['./data:/d'] }, /volumes: .*neither an absolute path nor the name of a volume/],
    [{ volumes: ['/a:b'] }, /has to be absolute/],
    [{ command: "sh -c 'x" }, /command: a quote \('\) is not closed/],
    [{ environment: [{ key: '', value: 'x' }] }, /environment: "" cannot be the name/],
  ]
  for (const [changes, message] of wrong) {
    it(`refuses ${JSON.stringify(changes)}`, () => {
      expect(() => spec(changes)).toThrow(expect.objectContaining({ reason: 'InvalidArgument' }))
      expect(() => spec(changes)).toThrow(message)
    })
  }
})

describe('docker run flags in extra_args', () => {
  const host: [string, object][] = [
    ['--add-host=db:10.0.0.1', { ExtraHosts: ['db:10.0.0.1'] }],
    ['--add-host db=[::1]', { ExtraHosts: ['db:::1'] }],
    ['--blkio-weight 300', { BlkioWeight: 300 }],
    ['--cap-add NET_ADMIN --cap-drop=ALL', { CapAdd: ['NET_ADMIN'], CapDrop: ['ALL'] }],
    ['--cpus=1.5', { NanoCpus: 1_500_000_000 }],
    ['--cpuset-cpus 0-1 -c 512', { CpusetCpus: '0-1', CpuShares: 512 }],
    [
      '--device /dev/fuse --device /dev/sda:/dev/xvda:r',
      {
        Devices: [
          { PathOnHost: '/dev/fuse', PathInContainer: '/dev/fuse', CgroupPermissions: 'rwm' },
          { PathOnHost: '/dev/sda', PathInContainer: '/dev/xvda', CgroupPermissions: 'r' },
        ],
      },
    ],
    ['--device-write-bps /dev/sda:1mb', { BlkioDeviceWriteBps: [{ Path: '/dev/sda', Rate: 1_048_576 }] }],
    ['--dns 1.1.1.1 --dns-search a.b', { Dns: ['1.1.1.1'], DnsSearch: ['a.b'] }],
    ['--gpus all', { DeviceRequests: [{ Driver: '', Count: -1, Capabilities: [['gpu']], Options: {} }] }],
    [
      `--gpus '"device=0,2",capabilities=utility'`,
      { DeviceRequests: [{ DeviceIDs: ['0', '2'], Capabilities: [['gpu', 'utility']] }] },
    ],
    [
      '--group-add video --init --ipc=host --pid host',
      { GroupAdd: ['video'], Init: true, IpcMode: 'host', PidMode: 'host' },
    ],
    [
      '--log-driver json-file --log-opt max-size=10m --log-opt max-file=3',
      { LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } } },
    ],
    ['-m 512m --memory-swap -1 --shm-size=1g', { Memory: 536_870_912, MemorySwap: -1, ShmSize: 1_073_741_824 }],
    [
      '--mount type=bind,src=/a,dst=/b,ro --mount type=tmpfs,target=/t,tmpfs-size=1m',
      {
        Mounts: [
          { Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true },
          { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 1_048_576 } },
        ],
      },
    ],
    ['--privileged --read-only=false', { Privileged: true, ReadonlyRootfs: false }],
    ['-p80:8080 -P', { PortBindings: { '8080/tcp': [{ HostIp: '', HostPort: '80' }] }, PublishAllPorts: true }],
    ['--restart on-failure:3', { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } }],
    ['--security-opt no-new-privileges', { SecurityOpt: ['no-new-privileges'] }],
    ['--sysctl net.core.somaxconn=1024', { Sysctls: { 'net.core.somaxconn': '1024' } }],
    ['--tmpfs /run:size=1m --tmpfs /tmp', { Tmpfs: { '/run': 'size=1m', '/tmp': '' } }],
    [
      '--ulimit nofile=1024:2048 --ulimit nproc=64',
      {
        Ulimits: [
          { Name: 'nofile', Soft: 1024, Hard: 2048 },
          { Name: 'nproc', Soft: 64, Hard: 64 },
        ],
      },
    ],
    ['-v /a:/b --volumes-from other:ro', { Binds: ['/a:/b'], VolumesFrom: ['other:ro'] }],
  ]
  for (const [flags, expected] of host) {
    it(`understands ${flags}`, () => expect(withFlags(flags).HostConfig).toMatchObject(expected))
  }

  const config: [string, object][] = [
    ['-it', { OpenStdin: true, Tty: true }],
    ['-d -q --detach', {}],
    [`-e A=1 --env "B=x y"`, { Env: ['A=1', 'B=x y'] }],
    [
      '--entrypoint /bin/sh -u 1000:1000 -w /srv -h web',
      { Entrypoint: ['/bin/sh'], User: '1000:1000', WorkingDir: '/srv', Hostname: 'web' },
    ],
    ['--expose 90-91/udp', { ExposedPorts: { '90/udp': {}, '91/udp': {} } }],
    [
      `--health-cmd "curl -f x" --health-interval=1m30s --health-retries 3 --health-start-interval 500ms`,
      { Healthcheck: { Test: ['CMD-SHELL', 'curl -f x'], Interval: 90e9, Retries: 3, StartInterval: 500e6 } },
    ],
    ['--no-healthcheck', { Healthcheck: { Test: ['NONE'] } }],
    ['--stop-signal SIGINT --stop-timeout 30', { StopSignal: 'SIGINT', StopTimeout: 30 }],
    ['--label a=b=c -l empty', { Labels: { ...labels, a: 'b=c', empty: '' } }],
  ]
  for (const [flags, expected] of config) {
    it(`understands ${flags}`, () => expect(withFlags(flags)).toMatchObject(expected))
  }

  it('takes a flag and its value from one entry or from two', () => {
    expect(withFlags('--memory', '64m')).toEqual(withFlags('--memory 64m'))
  })

  it('lets --platform and --pull decide about the image', () => {
    const request = containerRequest({ extraArgs: ['--platform=linux/arm64', '--pull always'] })
    expect(containerSpec(request)).toMatchObject({ platform: 'linux/arm64', pull: 'always' })
  })

  const wrong: [string, RegExp][] = [
    ['--memroy=1g', /unknown flag --memroy of docker run: did you mean --memory\?/],
    ['--utterly-different', /unknown flag --utterly-different of docker run$/],
    ['-x', /unknown flag -x/],
    ['nginx', /"nginx" is no flag/],
    ['--memory', /--memory needs a value/],
    ['--memory much', /--memory: "much" is not understood: expected a size/],
    ['--cpus two', /--cpus: .*a number of processors/],
    ['--mount type=bind,source=a,target=/b', /absolute path on the host/],
    ['--mount dest=/b', /"dest" is no field of a mount/],
    ['--env SECRET', /none is taken over from the host/],
    ['--privileged=maybe', /neither true nor false/],
    ['--env-file=/etc/shadow', /--env-file is not possible here/],
    ['--rm', /--rm is not possible here/],
    ['--name other', /--name is not possible here/],
    ["--label 'a", /extra_args: a quote/],
  ]
  for (const [flags, message] of wrong) {
    it(`refuses ${flags}`, () => {
      expect(() => withFlags(flags)).toThrow(expect.objectContaining({ reason: 'InvalidArgument' }))
      expect(() => withFlags(flags)).toThrow(message)
    })
  }

  it('never throws anything but a clear refusal', () => {
    const word = fc.oneof(
      fc.constantFrom(...Object.keys(valueFlags).map((name) => `--${name}`)),
      fc.constantFrom(...Object.keys(booleanFlags).map((name) => `--${name}`)),
      fc.constantFrom(...Object.keys(shorthands).map((name) => `-${name}`)),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (extraArgs) => {
        try {
          withFlags(...extraArgs)
        } catch (error) {
          expect(error).toMatchObject({ reason: 'InvalidArgument' })
        }
      }),
    )
  })

  it('every short spelling stands for a flag that there is', () => {
    for (const long of Object.values(shorthands)) {
      expect(long in valueFlags || long in booleanFlags || long in refusedFlags, long).toBe(true)
    }
  })
})
