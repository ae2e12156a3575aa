import { describe, expect, it } from 'vitest'
import { server } from '../../test/build/objects.ts'
import { localHosts } from './local.ts'

const hosts = (DOCKER_HOST = 'unix:///nonexistent.sock') =>
  localHosts({ reposDirectory: '/tmp', stacksDirectory: '/nonexistent', environment: { DOCKER_HOST }, version: 'test' })

describe('the hosts of one machine', () => {
  it('has one agent for all servers with the address local', () => {
    const local = hosts()
    expect(local.for(server('a', { address: 'local' }))).toBe(local.for(server('b', { address: 'local' })))
  })

  for (const address of ['https://periphery:8120', '']) {
    it(`refuses the address "${address}" by name, until a human changes it`, () => {
      expect(() => hosts().for(server('a', { address }))).toThrow(
        expect.objectContaining({
          name: 'StalledError',
          at: { condition: 'Reachable', reason: 'AddressNotSupported' },
          message: expect.stringContaining(`address "${address}" is not supported yet`),
        }),
      )
    })
  }

  it('says what is wrong with a DOCKER_HOST that is none', () => {
    expect(() => hosts('somewhere').for(server('a', { address: 'local' }))).toThrow(
      /DOCKER_HOST=somewhere is not understood/,
    )
  })
})
