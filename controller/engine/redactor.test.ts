import { describe, expect, it } from 'vitest'
import { Redactor } from './redactor.ts'

const knowing = (...secrets: string[]): Redactor => {
  const redactor = new Redactor()
  redactor.add(secrets)
  return redactor
}

describe('the redactor', () => {
  it('knows what it was told at any time', () => {
    const redactor = knowing('hunter22')
    redactor.add(['s3cret'])
    expect(redactor.text('hunter22 s3cret')).toBe('<redacted> <redacted>')
  })

  it('scrubs the texts of a status that are for people, and nothing that decisions are made from', () => {
    const status = { containerName: 'web1', conditions: [{ type: 'web1', message: 'container web1 is down' }] }
    expect(knowing('web1').messages(status)).toEqual({
      containerName: 'web1',
      conditions: [{ type: 'web1', message: 'container <redacted> is down' }],
    })
  })

  it('scrubs strings at any depth, and copies nothing when there is nothing to scrub', () => {
    const value = { list: [{ hunter22: 'x hunter22' }], number: 1, nothing: null }
    expect(knowing('hunter22').value(value)).toEqual({
      list: [{ '<redacted>': 'x <redacted>' }],
      number: 1,
      nothing: null,
    })
    expect(new Redactor().value(value)).toBe(value)
  })
})
