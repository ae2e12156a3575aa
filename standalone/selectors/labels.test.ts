import { describe, expect, it } from 'vitest'
import { parseLabelSelector } from './labels.ts'

const labels = { app: 'web', tier: 'front', 'example.com/part': 'a', size: '7' }

describe('a label selector', () => {
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web,tier!=back', true],
    ['app!=web', false],
    ['none!=x', true],
    ['app in (web, db)', true],
    ['app notin (web)', false],
    ['none notin (web)', true],
    ['app', true],
    ['!app', false],
    ['!none', true],
    ['example.com/part=a', true],
    ['size>6,size<8', true],
    ['size>7', false],
    ['app>6', false],
    ['none=', false],
    ['toString', false],
    ['constructor=x', false],
  ])('%j answers %j', (text, expected) => {
    const selector = parseLabelSelector(text)
    expect(selector.matches(labels)).toBe(expected)
    if (expected) expect(selector.mayMatch(JSON.stringify({ metadata: { labels } }))).toBe(true)
  })

  it.each([
    '=',
    '==',
    'a=b=c',
    'a in',
    'a in (',
    'a in x',
    'a,,b',
    'a b',
    '!',
    'a>x',
    '-a=b',
    'a=-b',
    `a=${'x'.repeat(64)}`,
  ])('%j is refused', (text) => {
    expect(() => parseLabelSelector(text)).toThrow()
  })
})
