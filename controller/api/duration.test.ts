import { expect, it } from 'vitest'
import { parseDuration } from './duration.ts'

it.each<[text: string, ms: number]>([
  ['90s', 90_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['250ms', 250],
  ['1.5s', 1_500],
  ['0s', 0],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

it.each(['', '5', 'm', '5 m', '-5m', '5d', '5m!'])('%j is refused', (text) => {
  expect(() => parseDuration(text)).toThrow('write it like 90s, 5m or 1h30m')
})
