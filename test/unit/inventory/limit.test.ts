import { describe, expect, it } from 'vitest'
import { exitCodes, InputError } from '../../../runner/errors.js'
import { expandLimit } from '../../../runner/inventory/limit.js'

const files: Readonly<Record<string, string>> = { retry: 'h1\n\n h2 \n', empty: '\n' }
const read = (path: string) => files[path]

describe('--limit @file', () => {
  it('is the patterns of the file, one a line', () => {
    expect(expandLimit('@retry', read)).toBe('h1,h2')
    expect(expandLimit('web,@retry,!h2', read)).toBe('web,h1,h2,!h2')
    expect(expandLimit('web:!h2', read)).toBe('web:!h2')
  })

  it('fails closed', () => {
    expect(() => expandLimit('@nowhere', read)).toThrow(/nowhere cannot be read/)
    const failure = (() => {
      try {
        return expandLimit('@empty', read)
      } catch (error) {
        return error
      }
    })()
    expect(failure).toBeInstanceOf(InputError)
    expect((failure as InputError).exitCode).toBe(exitCodes.noHosts)
  })
})
