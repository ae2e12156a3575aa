import { describe, expect, it } from 'vitest'
import { stack } from '../../../test/build/objects.ts'
import { changedPaths, configChange, repositoryPath } from './inputs.ts'

const input = (path: string, hash: string) => ({ path, hash })

describe('changedPaths', () => {
  it.each([
    { name: 'nothing', before: [input('a', '1')], now: [input('a', '1')], changed: [] },
    { name: 'another content', before: [input('a', '1')], now: [input('a', '2')], changed: ['a'] },
    { name: 'a new file', before: [], now: [input('a', '1')], changed: ['a'] },
    { name: 'a file that is gone', before: [input('a', '1')], now: [], changed: ['a'] },
  ])('tells $name', ({ before, now, changed }) => {
    expect(changedPaths(before, now)).toEqual(changed)
  })
})

describe('configChange', () => {
  const { spec } = stack('app', {
    configFiles: [
      { path: 'all.conf', services: [], requires: 'Redeploy' },
      { path: 'web.conf', services: ['web', 'api'], requires: 'Restart' },
      { path: 'none.conf', services: ['web'], requires: 'None' },
    ],
  })
  const at = (hash: string, ...paths: string[]) => paths.map((path) => input(path, hash))

  it.each([
    {
      name: 'nothing changed',
      before: at('1', 'all.conf', 'web.conf'),
      now: at('1', 'all.conf', 'web.conf'),
      services: 'none',
    },
    {
      name: 'a file of some services',
      before: at('1', 'web.conf'),
      now: at('2', 'web.conf'),
      services: ['web', 'api'],
    },
    {
      name: 'a file of all',
      before: at('1', 'all.conf', 'web.conf'),
      now: at('2', 'all.conf', 'web.conf'),
      services: 'all',
    },
    { name: 'a file that requires nothing', before: at('1', 'none.conf'), now: at('2', 'none.conf'), services: 'none' },
    { name: 'a file that is new to the list', before: [], now: at('1', 'all.conf'), services: 'none' },
  ])('$name: $services', ({ before, now, services }) => {
    expect(configChange(spec, before, now).services).toEqual(services)
  })
})

describe('repositoryPath', () => {
  it.each([
    ['', 'compose.yaml', 'compose.yaml'],
    ['apps/web', '../db/compose.yaml', 'apps/db/compose.yaml'],
    ['./apps/', './compose.yaml', 'apps/compose.yaml'],
  ])('%j + %j = %s', (directory, path, expected) => {
    expect(repositoryPath(directory, path)).toBe(expected)
  })

  it.each([
    ['', '../x'],
    ['apps', '../../x'],
    ['..', 'x'],
    ['', '/etc/passwd'],
  ])('%j + %j is refused', (directory, path) => {
    expect(() => repositoryPath(directory, path)).toThrow(/leaves the repository/)
  })
})
