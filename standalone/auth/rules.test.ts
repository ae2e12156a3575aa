import { describe, expect, it } from 'vitest'
import { describeRules, type PolicyRule, ruleAllows, uncovered } from './rules.ts'

const user = { username: 'jane', groups: [] }
const ask = (verb: string, plural: string, { group = '', subresource = '', name = '' } = {}) => ({
  user,
  verb,
  resource: { group, plural, subresource, namespace: 'ns', name },
})

describe('a rule', () => {
  const reader: PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['configmaps'] }
  it.each<[string, PolicyRule, Parameters<typeof ruleAllows>[1], boolean]>([
    ['allows what it names', reader, ask('get', 'configmaps'), true],
    ['does not allow another verb', reader, ask('list', 'configmaps'), false],
    ['does not allow another group', reader, ask('get', 'configmaps', { group: 'x' }), false],
    ['does not allow a subresource', reader, ask('get', 'configmaps', { subresource: 'status' }), false],
    [
      'allows everything by stars',
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      ask('x', 'y', { subresource: 'z' }),
      true,
    ],
    [
      'allows a subresource of everything',
      { ...reader, resources: ['*/status'] },
      ask('get', 'x', { subresource: 'status' }),
      true,
    ],
    [
      'allows the names that it lists',
      { ...reader, resourceNames: ['a'] },
      ask('get', 'configmaps', { name: 'a' }),
      true,
    ],
    ['does not allow other names', { ...reader, resourceNames: ['a'] }, ask('get', 'configmaps', { name: 'b' }), false],
    ['does not allow a list by names', { ...reader, resourceNames: ['a'] }, ask('get', 'configmaps'), false],
    [
      'allows a path below',
      { verbs: ['get'], nonResourceURLs: ['/apis/*'] },
      { user, verb: 'get', path: '/apis/x' },
      true,
    ],
    [
      'does not allow a path beside',
      { verbs: ['get'], nonResourceURLs: ['/apis/*'] },
      { user, verb: 'get', path: '/api' },
      false,
    ],
    [
      'of resources allows no path',
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { user, verb: 'get', path: '/' },
      false,
    ],
  ])('%s', (_what, rule, attributes, expected) => {
    expect(ruleAllows(rule, attributes)).toBe(expected)
  })
})

describe('granting', () => {
  const held: PolicyRule[] = [
    { verbs: ['get', 'list'], apiGroups: [''], resources: ['configmaps'] },
    { verbs: ['*'], apiGroups: ['apps'], resources: ['*'] },
    { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['mine'] },
  ]
  it.each<[string, PolicyRule[], string]>([
    ['what one holds lacks nothing', [{ verbs: ['list'], apiGroups: [''], resources: ['configmaps'] }], ''],
    [
      'what a star covers lacks nothing',
      [{ verbs: ['delete'], apiGroups: ['apps'], resources: ['deployments/scale'] }],
      '',
    ],
    [
      'verbs that one lacks are told together, those held left out',
      [{ verbs: ['get', 'update', 'delete'], apiGroups: [''], resources: ['configmaps'] }],
      '{APIGroups:[""], Resources:["configmaps"], Verbs:["update" "delete"]}',
    ],
    [
      'all of a kind where one holds a name is too much',
      [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }],
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
    ],
    [
      'a star is more than any list',
      [{ verbs: ['*'], apiGroups: [''], resources: ['configmaps'] }],
      '{APIGroups:[""], Resources:["configmaps"], Verbs:["*"]}',
    ],
    [
      'paths count too',
      [{ verbs: ['get'], nonResourceURLs: ['/metrics'] }],
      '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
    ],
  ])('%s', (_what, wanted, lacking) => {
    expect(describeRules(uncovered(held, wanted))).toBe(lacking)
  })
})
