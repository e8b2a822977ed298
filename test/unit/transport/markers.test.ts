import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Marker, markerReader } from '../../../runner/transport/markers.js'

const nonce = '0123456789abcdef0123456789abcdef'
const begin = `\u0001${nonce}:7:b:4321\n`
const end = `\u0001${nonce}:7:e:3\n`

function read(chunks: readonly Buffer[]): { data: string; markers: Marker[]; largestWait: number } {
  const markers: Marker[] = []
  let [data, fed, largestWait] = ['', 0, 0]
  const feed = markerReader(nonce, {
    data: (bytes) => {
      data += bytes.toString('latin1')
    },
    marker: (marker) => markers.push(marker),
  })
  for (const chunk of chunks) {
    feed(chunk)
    fed += chunk.length
    largestWait = Math.max(largestWait, fed - data.length)
  }
  return { data, markers, largestWait }
}

describe('markerReader', () => {
  it('finds markers however the stream is cut', () => {
    const text = `noise${begin}a\u0001b\u0001${nonce.slice(0, 9)}${end}tail`
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 30 })
    fc.assert(
      fc.property(cuts, (at) => {
        const places = [0, ...at.sort((a, b) => a - b), text.length]
        const chunks = places
          .slice(1)
          .map((to, index) => Buffer.from(text.slice(places[index], to), 'latin1'))
        const { data, markers } = read(chunks)
        expect(data).toBe(`noisea\u0001b\u0001${nonce.slice(0, 9)}tail`)
        expect(markers).toEqual([
          { sequence: 7, kind: 'b', value: 4321 },
          { sequence: 7, kind: 'e', value: 3 },
        ])
      }),
      { numRuns: 500 },
    )
  })

  it.each([`\u0001${nonce}:x:e:3\n`, `\u0001${nonce}:7:q:3\n`, `\u0001${nonce}:${'9'.repeat(40)}`])(
    'takes %j for output, not for a marker',
    (text) => {
      const { data, markers } = read([Buffer.from(`${text}${' '.repeat(40)}`, 'latin1')])
      expect([data.trimEnd(), markers]).toEqual([text.trimEnd(), []])
    },
  )

  it('holds back only what may be the beginning of a marker', () => {
    expect(read([Buffer.from('abc'), Buffer.from('\u0001xyz')])).toMatchObject({
      data: 'abc\u0001xyz',
      largestWait: 0,
    })
  })
})
