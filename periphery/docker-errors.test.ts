import { describe, expect, it } from 'vitest'
import { HostRejectedError, HostUnreachableError } from '../controller/hosts/port.ts'
import { composeCause, reasonOf, saysUnreachable, toHostError } from './docker-errors.ts'

describe('a refusal of Docker', () => {
  const cases: [string, string][] = [
    ['write /var/lib/docker/tmp/x: no space left on device', 'NoSpace'],
    [
      'driver failed programming external connectivity: Bind for 127.0.0.1:80 failed: port is already allocated',
      'PortInUse',
    ],
    ['listen tcp4 0.0.0.0:80: bind: address already in use', 'PortInUse'],
    ['Conflict. The container name "/web" is already in use by container "abc"', 'NameTaken'],
    ["pull access denied for x, repository does not exist or may require 'docker login'", 'ImagePullFailed'],
    ['manifest for nginx:nope not found: manifest unknown: manifest unknown', 'ImagePullFailed'],
    ['no basic auth credentials', 'ImagePullFailed'],
    ['network front not found', 'NetworkNotFound'],
    ['exec: "x": executable file not found in $PATH: unknown', 'CommandNotFound'],
    ['something new', 'Otherwise'],
  ]
  for (const [message, reason] of cases) {
    it(`"${message}" is ${reason}`, () => expect(reasonOf(message, 'Otherwise')).toBe(reason))
  }

  it('keeps what Docker said, and what was tried', () => {
    const refused = Object.assign(new Error('(HTTP code 409) conflict - x'), {
      statusCode: 409,
      json: { message: 'x is busy' },
    })
    expect(toHostError(refused, 'start container web', 'unix:///d.sock')).toMatchObject({
      name: 'HostRejectedError',
      reason: 'Conflict',
      message: 'could not start container web: x is busy',
    })
  })

  it('reads the same at each attempt, although Docker makes a new endpoint each time', () => {
    const message = (endpoint: string) =>
      `driver failed programming external connectivity on endpoint web (${endpoint.repeat(64)}): Bind for 127.0.0.1:80 failed: port is already allocated`
    const refused = Object.assign(new Error('x'), { statusCode: 500, json: { message: message('a') } })
    expect(toHostError(refused, 'start container web', 'y')).toMatchObject({
      reason: 'PortInUse',
      message: 'could not start container web: Bind for 127.0.0.1:80 failed: port is already allocated',
    })
    expect(composeCause(` Container web-1  Starting\nError response from daemon: ${message('b')}\n`)).toBe(
      'Error response from daemon: Bind for 127.0.0.1:80 failed: port is already allocated',
    )
  })

  it('is what compose says in the end, not its progress', () => {
    expect(composeCause(' a Pulling \n b Pulling \n a Error no\nError response from daemon: no\n')).toBe(
      'Error response from daemon: no',
    )
    expect(composeCause(' Network x_default  Creating\n Network x_default  Created\nservice "a" is not healthy')).toBe(
      'service "a" is not healthy',
    )
    expect(composeCause(' Container web-1  Starting\n')).toBe('Container web-1  Starting')
    expect(composeCause('one\n\ntwo\nthree\nfour\nfive\nsix')).toBe('two\nthree\nfour\nfive\nsix')
  })

  it('is not wrapped twice', () => {
    const error = new HostRejectedError('NoSpace', 'full')
    expect(toHostError(error, 'x', 'y')).toBe(error)
  })
})

describe('an engine that does not answer', () => {
  it('is told with its address and what to check', () => {
    const refused = Object.assign(new Error('connect ENOENT'), { code: 'ENOENT' })
    const error = toHostError(refused, 'list containers', 'unix:///d.sock')
    expect(error).toBeInstanceOf(HostUnreachableError)
    expect(error.message).toBe(
      'no Docker Engine answers at unix:///d.sock (ENOENT) to list containers: check that Docker runs there',
    )
  })

  it('is told apart when the user may not open its socket', () => {
    const refused = Object.assign(new Error('connect EACCES'), { code: 'EACCES' })
    expect(toHostError(refused, 'x', 'y').message).toContain('this user may not open the socket')
  })

  it('is told when it is starting or stopping', () => {
    const refused = Object.assign(new Error('x'), { statusCode: 503, json: { message: 'not ready' } })
    expect(toHostError(refused, 'x', 'y')).toBeInstanceOf(HostUnreachableError)
  })

  const said: [string, boolean][] = [
    ['Cannot connect to the Docker daemon at unix:///d.sock. Is the docker daemon running?', true],
    ['error during connect: Get "http://x": EOF', true],
    ['read unix @->/run/d.sock: read: connection reset by peer', true],
    ['Container web  Starting\nunexpected EOF\n', true],
    ['Get "https://registry/v2/": read tcp 1.2.3.4: read: connection reset by peer', false],
    ['failed to copy: httpReadSeeker: unexpected EOF while reading the layer', false],
  ]
  for (const [output, unreachable] of said) {
    it(`${unreachable ? 'is' : 'is not'} what the CLI means by "${output.trim()}"`, () => {
      expect(saysUnreachable(output)).toBe(unreachable)
    })
  }
})
