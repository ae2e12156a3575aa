import { describe, expect, it } from 'vitest'
import type { Config } from './config.ts'
import { ConfigError, loadConfig, parseListenAddress } from './config.ts'

const load = (args: string[], env: Record<string, string> = {}, isTerminal = false): Config => {
  const config = loadConfig(args, { env, cwd: '/srv', isTerminal, hostName: 'host-1' })
  if (typeof config === 'string') throw new Error(`asked for ${config}`)
  return config
}

describe('the configuration', () => {
  it('has a sensible default for everything but where the API is', () => {
    expect(load(['--standalone'])).toMatchObject({
      home: { kind: 'standalone', listen: { host: '127.0.0.1', port: 6443 } },
      namespace: undefined,
      dataDir: '/srv/data',
      log: { level: 'info', format: 'json' },
      health: { host: '127.0.0.1', port: 8081 },
      leaderElection: { enabled: false, identity: 'host-1' },
    })
  })

  it.each<[string, string[], Record<string, string>, unknown]>([
    [
      'takes a flag before the environment',
      ['--standalone', '--log-level', 'debug'],
      { KOMODO_LOG_LEVEL: 'error' },
      { log: { level: 'debug' } },
    ],
    [
      'takes each flag from the environment',
      [],
      { KOMODO_STANDALONE: 'true', KOMODO_DATA_DIR: '/d' },
      { dataDir: '/d' },
    ],
    [
      'uses the pod it runs in',
      [],
      { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
      { home: { kind: 'in-cluster', host: '10.0.0.1', port: '443' }, health: { host: '0.0.0.0' } },
    ],
    [
      'prefers a kubeconfig that was named to the pod it runs in',
      ['--kubeconfig', 'k'],
      { KUBERNETES_SERVICE_HOST: 'h' },
      { home: { kind: 'cluster', kubeconfig: '/srv/k' } },
    ],
    ['uses the first file of KUBECONFIG', [], { KUBECONFIG: '/a:/b' }, { home: { kind: 'cluster', kubeconfig: '/a' } }],
    ['switches health off', ['--standalone', '--health-listen', 'off'], {}, { health: undefined }],
    [
      'elects no leader where there is one process',
      ['--standalone', '--leader-elect'],
      {},
      { leaderElection: { enabled: false } },
    ],
  ])('%s', (_, args, env, expected) => {
    expect(load(args, env)).toMatchObject(expected as object)
  })

  it('writes for people on a terminal', () => {
    expect(load(['--standalone'], {}, true).log.format).toBe('text')
  })

  it('cannot be changed afterwards', () => {
    const config = load(['--standalone'])
    expect(() => Object.assign(config.log, { level: 'debug' })).toThrow(TypeError)
  })

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['no API at all', [], {}, /--standalone to serve one, or --kubeconfig/],
    ['two APIs at once', ['--standalone', '--kubeconfig', 'x'], {}, /leave out --kubeconfig/],
    ['a flag that does not exist', ['--standalon'], {}, /Unknown option '--standalon'.*--help/],
    ['an argument that is no flag', ['standalone'], {}, /Unexpected argument 'standalone'.*--help/],
    [
      'an unknown log level',
      ['--standalone', '--log-level', 'loud'],
      {},
      /--log-level loud: expected one of debug, info, warn, error/,
    ],
    [
      'a switch that is neither true nor false',
      [],
      { KOMODO_STANDALONE: 'yes' },
      /KOMODO_STANDALONE=yes: expected true or false/,
    ],
    [
      'an address without a port',
      ['--standalone', '--listen', 'localhost'],
      {},
      /--listen localhost: expected HOST:PORT/,
    ],
    ['a port that does not exist', ['--standalone', '--listen', 'localhost:70000'], {}, /expected HOST:PORT/],
  ])('refuses %s and says what to write', (_, args, env, message) => {
    expect(() => load(args, env)).toThrow(ConfigError)
    expect(() => load(args, env)).toThrow(message)
  })

  it.each([
    ['localhost:1', { host: 'localhost', port: 1 }],
    ['[::1]:6443', { host: '::1', port: 6443 }],
    [':8080', { host: '0.0.0.0', port: 8080 }],
  ])('reads the address %s', (text, expected) => {
    expect(parseListenAddress('--listen', text)).toEqual(expected)
  })
})
