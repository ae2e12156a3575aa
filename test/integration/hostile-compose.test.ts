import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ComposeRequest, Host } from '../../controller/hosts/port.ts'
import { composeRequest } from '../build/container-request.ts'
import { agentOn } from '../harness/agent.ts'
import { dockerEnvironment, type TestDocker, withDocker } from '../harness/docker.ts'

const environment = dockerEnvironment()
const signal = AbortSignal.timeout(600_000)

/** Compose files and paths of a Stack that are made to do harm, with the real Compose. */
describe.skipIf(!environment)('attack: a Stack', () => {
  let docker: TestDocker
  let host: Host
  let stacks: string
  beforeAll(() => {
    docker = withDocker(environment)
    ;({ host, stacks } = agentOn(docker))
  })
  afterEach(() => docker.clean())
  afterAll(async () => docker[Symbol.asyncDispose]())

  const up = async (contents: string, changes: Partial<ComposeRequest> = {}): Promise<string> => {
    const request = composeRequest(contents, {
      stack: 'evil',
      project: `${docker.prefix}-evil`,
      pull: false,
      ...changes,
    })
    return host.composeUp(request, signal).then(
      () => 'deployed',
      (error: Error & { reason?: string }) => `${error.reason}: ${error.message}`,
    )
  }
  const service = 'services:\n  a:\n    image: komodo-operator/busybox:test\n    command: "true"\n'

  it.each([
    ['whose YAML contains itself', () => `x: &x\n  y: *x\n${service}`],
    ['of brackets in brackets', () => `x: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n${service}`],
    ['that includes itself', () => `include: [compose.yaml]\n${service}`],
    ['that extends itself', () => `${service}    extends: { service: a }\n`],
    [
      'with an anchor of a thousand merges',
      () =>
        `x0: &x0 { a: 1 }\n${Array.from({ length: 1_000 }, (_, i) => `x${i + 1}: &x${i + 1}\n  <<: *x${i}\n`).join('')}${service}`,
    ],
  ])('%s gets an answer in time', async (_, contents) => {
    const started = performance.now()
    const answer = await up(contents())
    expect(performance.now() - started).toBeLessThan(60_000)
    // Compose may take what does no harm; what it refuses is said in its words, and in few of them.
    expect(answer === 'deployed' || answer.startsWith('InvalidCompose') || /compose/i.test(answer), answer).toBe(true)
    expect(answer.length).toBeLessThan(40_000)
  })

  it('whose YAML multiplies by aliases is stopped: Compose would go on for years, in little memory', async () => {
    const level = (i: number) => `x${i}: &x${i} [${`*x${i - 1},`.repeat(9)}*x${i - 1}]\n`
    const bomb = `x0: &x0 [${'lol,'.repeat(9)}lol]\n${Array.from({ length: 9 }, (_, i) => level(i + 1)).join('')}${service}`
    const started = performance.now()
    expect(await up(bomb)).toMatch(/compose/i)
    expect(performance.now() - started).toBeLessThan(100_000)
  })

  const outside = ['../../outside', '/etc/outside', 'a/../../../outside', 'a\0b', '..']

  it.each(outside)('with file_paths = [%j] writes nothing there', async (filePath) => {
    expect(await up(service, { filePaths: [filePath] })).toMatch(/^(PathOutsideRoot|Invalid)/)
  })

  it.each(outside)('with run_directory = %j runs nothing there', async (runDirectory) => {
    expect(await up('', { source: { type: 'host' }, runDirectory })).toMatch(/^(PathOutsideRoot|Invalid)/)
    const tree = { revision: '1', read: async () => Buffer.from(service), writeTo: async () => {} }
    expect(await up('', { source: { type: 'tree', tree, clonePath: '' }, runDirectory })).toMatch(
      /^(PathOutsideRoot|Invalid)/,
    )
  })

  it.each(outside)('with env_file_path = %j writes nothing there', async (envFilePath) => {
    expect(await up(service, { envFilePath, environment: [{ key: 'A', value: 'canary' }] })).toMatch(
      /^(PathOutsideRoot|Invalid)/,
    )
    expect(existsSync('/etc/outside')).toBe(false)
  })

  it('with names that only look like ways out on Windows, or encoded, stays in its folder', async () => {
    for (const envFilePath of ['..\\..\\outside', '%2e%2e/outside']) {
      expect(await up(service, { envFilePath, environment: [{ key: 'A', value: 'b' }] })).toBe('deployed')
      expect(existsSync(path.join(stacks, 'evil', envFilePath))).toBe(true)
    }
    expect(existsSync(path.join(docker.directory, 'outside'))).toBe(false)
  })

  it('whose folder holds links out does not write through them', async () => {
    const victim = path.join(docker.directory, 'victim')
    mkdirSync(victim, { recursive: true })
    writeFileSync(path.join(victim, 'env'), 'precious')
    mkdirSync(path.join(stacks, 'evil'), { recursive: true })
    symlinkSync(victim, path.join(stacks, 'evil', 'link'))
    expect(await up(service, { envFilePath: 'link/env', environment: [{ key: 'A', value: 'canary' }] })).toMatch(
      /^PathOutsideRoot/,
    )
  })

  it.each([
    ['project', { project: '--help' }],
    ['service', { services: ['--build'] }],
    ['profile', { profiles: ['--all-resources'] }],
  ])('whose %s is an option is refused, or means a name', async (_, changes) => {
    const answer = await up(service, changes as Partial<ComposeRequest>)
    expect(answer).not.toContain('Usage:')
    expect(answer === 'deployed' || /^\w+: /.test(answer)).toBe(true)
  })
})
