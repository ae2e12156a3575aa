import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fault } from '../schema/faults.ts'
import { decodeProtobuf } from './decode.ts'

// A small writer of the wire format, for the tests alone.
const varint = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)])
const bytes = (field: number, content: readonly number[]): number[] => [
  ...varint((field << 3) | 2),
  ...varint(content.length),
  ...content,
]
const text = (field: number, value: string): number[] => bytes(field, [...Buffer.from(value)])
const integer = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)]
const envelope = (apiVersion: string, kind: string, raw: readonly number[]): Uint8Array =>
  Uint8Array.from([
    ...[0x6b, 0x38, 0x73, 0x00],
    ...bytes(1, [...text(1, apiVersion), ...text(2, kind)]),
    ...bytes(2, raw),
  ])

describe('a protobuf body', () => {
  it('is read as the JSON of the same object', () => {
    const meta = [
      ...text(1, 'a'),
      ...text(3, 'ns'),
      ...bytes(8, []),
      ...bytes(11, [...text(1, 'k'), ...text(2, 'v')]),
      ...bytes(13, [...text(1, 'Pod'), ...text(3, 'p'), ...integer(6, 1)]),
      ...text(14, 'ex.org/f'),
    ]
    const raw = [...bytes(1, meta), ...bytes(2, [...text(1, 'bin'), ...bytes(2, [1, 2, 255])]), ...text(3, 'Opaque')]
    expect(decodeProtobuf(envelope('v1', 'Secret', raw))).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'a',
        namespace: 'ns',
        labels: { k: 'v' },
        ownerReferences: [{ kind: 'Pod', name: 'p', controller: true }],
        finalizers: ['ex.org/f'],
      },
      data: { bin: 'AQL/' },
      type: 'Opaque',
    })
  })

  it('gives micro times six digits', () => {
    const spec = [
      ...text(1, 'me'),
      ...integer(2, 15),
      ...bytes(4, [...integer(1, 1_700_000_000), ...integer(2, 5_000)]),
    ]
    expect(decodeProtobuf(envelope('coordination.k8s.io/v1', 'Lease', bytes(2, spec)))).toMatchObject({
      spec: { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: '2023-11-14T22:13:20.000005Z' },
    })
  })

  it('says what a token is to be bound to', () => {
    const bound = [...text(1, 'Secret'), ...text(2, 'v1'), ...text(3, 'bond')]
    const raw = bytes(2, [...bytes(3, bound), ...integer(4, 600)])
    expect(decodeProtobuf(envelope('authentication.k8s.io/v1', 'TokenRequest', raw))).toMatchObject({
      spec: { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'bond' }, expirationSeconds: 600 },
    })
  })

  it('of a kind that is not read so is nothing', () => {
    expect(decodeProtobuf(envelope('apps/v1', 'Deployment', []))).toBeUndefined()
  })

  it('takes __proto__ for the key that it is', () => {
    const entry = [...text(1, '__proto__'), ...text(2, 'x')]
    const object = decodeProtobuf(envelope('v1', 'ConfigMap', bytes(2, entry)))
    expect(JSON.stringify(object?.data)).toBe('{"__proto__":"x"}')
  })

  it('that is broken anywhere is refused, never more', () => {
    const whole = envelope('v1', 'ConfigMap', [
      ...bytes(1, text(1, 'a')),
      ...bytes(2, [...text(1, 'k'), ...text(2, 'v')]),
    ])
    const damaged = fc.tuple(fc.nat(whole.length), fc.array(fc.nat(255), { maxLength: 8 }))
    fc.assert(
      fc.property(damaged, ([at, noise]) => {
        const body = Uint8Array.from([...whole.subarray(0, at), ...noise, ...whole.subarray(at + noise.length)])
        try {
          decodeProtobuf(body)
        } catch (error) {
          expect(error).toBeInstanceOf(Fault)
        }
      }),
    )
  })
})
