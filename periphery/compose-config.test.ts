import { describe, expect, it } from 'vitest'
import { parseConfig } from './compose-config.ts'

const parse = (services: object, noise = '') => parseConfig('app', noise + JSON.stringify({ name: 'app', services }))

describe('what compose says will run', () => {
  const cases: [string, object, object][] = [
    ['counts one replica when nothing is said', { image: 'a:1' }, { image: 'a:1', replicas: 1 }],
    ['names the image that is built as compose does', { build: { context: '.' } }, { image: 'app-web' }],
    ['takes replicas from deploy', { image: 'a', deploy: { replicas: 3 } }, { replicas: 3 }],
    ['takes replicas from scale', { image: 'a', scale: 0 }, { replicas: 0 }],
    ['tells the name of the container', { image: 'a', container_name: 'db' }, { containerName: 'db' }],
    ['tells the restart policy', { image: 'a', restart: 'on-failure:3' }, { restart: 'on-failure:3' }],
    [
      'tells the restart policy of deploy',
      { image: 'a', deploy: { restart_policy: { condition: 'any' } } },
      { restart: 'always' },
    ],
    ['bears a service without anything', {}, { image: 'app-web', replicas: 1 }],
  ]
  for (const [name, service, expected] of cases) {
    it(name, () => expect(parse({ web: service })).toEqual([expect.objectContaining({ name: 'web', ...expected })]))
  }

  it('is sorted by name, after whatever a wrapper printed', () => {
    expect(parse({ b: null, a: null }, 'decrypting...\n').map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('is an error when it is no JSON', () => {
    expect(() => parseConfig('app', 'oops')).toThrow(SyntaxError)
  })
})
