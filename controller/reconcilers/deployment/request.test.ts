import { describe, expect, it } from 'vitest'
import { deployment } from '../../../test/build/objects.ts'
import { annotation } from '../../api/names.ts'
import { StalledError } from '../../engine/errors.ts'
import { Interpolation } from '../../text/interpolate.ts'
import { interpolatedFields } from '../../text/interpolated-fields.ts'
import { digestWith } from '../digest.ts'
import { containerNameOf, type DeployPurpose, desiredContainer, hashOf, pullPolicy } from './request.ts'

const values = new Interpolation(
  (name) => ({ TAG: { text: 'a=b # c', secret: false }, PORT: { text: '8080:80', secret: false } })[name],
  interpolatedFields.Deployment,
)
const digest = digestWith('test')
const hash = (spec: Parameters<typeof deployment>[1]) =>
  hashOf(desiredContainer(deployment('web', spec), values), '', digest)

describe('the name of a container', () => {
  it.each([
    ['the name of the Deployment', {}, {}, 'web'],
    ['its Komodo name, made fit for a container', {}, { annotations: { [annotation.name]: 'My App:1' } }, 'My_App_1'],
    ['customName, if there is one', { customName: 'site' }, {}, 'site'],
  ])('is %s', (_name, spec, meta, expected) => {
    expect(containerNameOf(deployment('web', spec, meta))).toBe(expected)
  })
})

describe('desiredContainer', () => {
  it('takes every text over, with names replaced and nothing else', () => {
    const spec = {
      environment: 'A = 1\n# note\n- "B: x y"\nC=[[TAG]]',
      labels: 'deployment.type = logger',
      ports: '127.0.0.1:8080:80/udp\n[[PORT]]',
      volumes: '/data:/data:ro',
      command: 'run [[TAG]]',
      extraArgs: ['--init', ' '],
    }
    expect(desiredContainer(deployment('web', spec), values)).toMatchObject({
      environment: [
        { key: 'A', value: '1' },
        { key: 'B', value: 'x y' },
        { key: 'C', value: 'a=b # c' },
      ],
      labels: [{ key: 'deployment.type', value: 'logger' }],
      ports: ['127.0.0.1:8080:80/udp', '8080:80'],
      volumes: ['/data:/data:ro'],
      command: 'run a=b # c',
      extraArgs: ['--init'],
    })
    expect(desiredContainer(deployment('web', { ports: '[[PORT]]' }), values).ports).toEqual(['8080:80'])
  })

  it.each([
    ['a line that is no pair', { environment: 'A=1\nJUSTKEY' }, 'InvalidText'],
    ['no image', { image: ' ' }, 'NoImage'],
  ])('refuses %s and says where', (_name, spec, reason) => {
    const make = () => desiredContainer(deployment('web', spec), values)
    expect(make).toThrow(StalledError)
    expect(make).toThrow(expect.objectContaining({ at: { condition: 'InputsReady', reason } }))
  })
})

describe('the hash of what is desired', () => {
  it.each<[string, Parameters<typeof deployment>[1]]>([
    ['image', { image: 'nginx:2' }],
    ['environment', { environment: 'A=1' }],
    ['order of the environment', { environment: 'B=1\nA=1' }],
    ['network', { network: 'bridge' }],
    ['restart', { restart: 'always' }],
    ['command', { command: 'x' }],
    ['extraArgs', { extraArgs: ['--init'] }],
    ['ports', { ports: '1:1' }],
    ['volumes', { volumes: '/a:/a' }],
    ['labels', { labels: 'a=b' }],
  ])('changes with %s', (_name, spec) => {
    expect(hash(spec)).not.toBe(hash({}))
  })

  it.each<[string, Parameters<typeof deployment>[1]]>([
    ['links', { links: ['http://x'] }],
    ['description', { description: 'x' }],
    ['how it is stopped', { terminationSignal: 'SIGINT', terminationTimeout: 99 }],
    ['how long it may take', { operator: { healthDeadline: '9m' } }],
    ['after', { after: ['db'] }],
    ['a comment in the environment', { environment: '# nothing' }],
  ])('does not change with %s', (_name, spec) => {
    expect(hash(spec)).toBe(hash({}))
  })

  it('does not give values away to who only guesses', () => {
    const guess = digestWith('another key')
    const desired = desiredContainer(deployment('web', { environment: 'PASSWORD=hunter2' }), values)
    expect(hashOf(desired, '', guess)).not.toBe(hashOf(desired, '', digest))
  })
})

describe('pullPolicy', () => {
  it.each<[string, DeployPurpose, string]>([
    ['nginx', 'change', 'always'],
    ['nginx:latest', 'change', 'always'],
    ['nginx:1.27', 'change', 'missing'],
    ['localhost:5000/nginx', 'change', 'always'],
    ['localhost:5000/nginx:1', 'change', 'missing'],
    ['nginx:1.27', 'asked', 'always'],
    ['nginx@sha256:0123', 'asked', 'missing'],
    ['nginx:latest', 'heal', 'missing'],
  ])('of %s for %s is %s', (image, purpose, policy) => {
    expect(pullPolicy(image, purpose)).toBe(policy)
  })
})
