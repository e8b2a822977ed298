import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { authorization, checkCaHash, formatToken, hashCa, parseToken } from '../../lab/k3s/src/core/tokens.js'
import { seal, unseal } from '../../lab/k3s/src/operations/bootstrap.js'
import { issue } from '../../lab/k3s/src/pki/issue.js'

const ca = issue({ commonName: 'ca', days: 10 })

describe('tokens', () => {
  it('reads the short form', () => {
    expect(parseToken('secret')).toEqual({ caHash: '', username: '', password: 'secret' })
  })

  it('reads the secure form that it writes', () => {
    const text = formatToken(ca.cert, 'server', 'se:cret')
    expect(text).toMatch(/^K10[0-9a-f]{64}::server:se:cret$/)
    expect(parseToken(text)).toEqual({ caHash: hashCa(ca.cert), username: 'server', password: 'se:cret' })
  })

  it('reads bootstrap tokens, with and without hash', () => {
    expect(parseToken('abcdef.0123456789abcdef').bootstrap).toBe('abcdef.0123456789abcdef')
    expect(parseToken(`K10${'a'.repeat(64)}::abcdef.0123456789abcdef`)).toMatchObject({
      caHash: 'a'.repeat(64),
    })
  })

  it.each([
    ['', 'token must not be empty'],
    ['K10abc::server:x', 'invalid token CA hash length'],
    ['K10server', 'invalid token format'],
  ])('refuses %j', (text, message) => {
    expect(() => parseToken(text)).toThrow(message)
  })

  it('accepts the right CA and no other', () => {
    const token = parseToken(formatToken(ca.cert, 'node', 'x'))
    expect(() => checkCaHash(token, ca.cert)).not.toThrow()
    const other = issue({ commonName: 'other', days: 10 })
    expect(() => checkCaHash(token, other.cert)).toThrow(
      'token CA hash does not match the Cluster CA certificate hash',
    )
  })

  it('hashes the root of a bundle, so that an intermediate may change', () => {
    const child = issue({ commonName: 'child', days: 5, ca })
    const again = issue({ commonName: 'child', days: 5, ca })
    expect(hashCa(child.cert + ca.cert)).toBe(hashCa(again.cert + ca.cert))
    expect(hashCa(child.cert + ca.cert)).not.toBe(hashCa(ca.cert))
  })

  it('sends the password under the name of the role', () => {
    const header = authorization(parseToken('pw'), 'node')
    expect(Buffer.from(header.slice(6), 'base64').toString()).toBe('node:pw')
  })
})

describe('certificates', () => {
  it('are signed by their CA and carry names and addresses', () => {
    const leaf = new X509Certificate(
      issue({
        commonName: 'leaf',
        organizations: ['system:masters'],
        ca,
        hosts: ['10.0.0.1', 'fd00::1', 'a.b'],
        days: 1,
      }).cert,
    )
    expect(leaf.verify(new X509Certificate(ca.cert).publicKey)).toBe(true)
    expect(leaf.issuer).toBe('CN=ca')
    expect(leaf.subject).toBe('O=system:masters\nCN=leaf')
    expect(leaf.checkIP('10.0.0.1')).toBe('10.0.0.1')
    expect(leaf.checkIP('fd00::1')).toBeDefined()
    expect(leaf.checkHost('a.b')).toBe('a.b')
    expect(new X509Certificate(ca.cert).ca).toBe(true)
    expect(leaf.ca).toBe(false)
  })
})

describe('bootstrap data', () => {
  it('opens with its own token alone', () => {
    const sealed = seal({ a: 'b' }, 'right')
    expect(unseal(sealed, 'right')).toEqual({ a: 'b' })
    expect(() => unseal(sealed, 'wrong')).toThrow(
      'bootstrap data already found and encrypted with different token',
    )
  })
})
