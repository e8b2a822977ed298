import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certificateProblem, parseCertificate, plainKey } from '../../../runner/transport/certificate.js'

const folder = mkdtempSync(join(tmpdir(), 'tsplay-cert-'))
const keygen = (...args: string[]): void => {
  const { status, stderr } = spawnSync('ssh-keygen', ['-q', ...args], { encoding: 'utf8', cwd: folder })
  if (status !== 0) throw new Error(stderr)
}
const blobOf = (file: string): Buffer =>
  Buffer.from(readFileSync(join(folder, file), 'utf8').split(' ')[1]!, 'base64')

/** A certificate of the host's key by an authority, signed with these arguments. */
function certificate(...signing: string[]): Buffer {
  keygen('-s', 'ca', '-h', '-I', 'id', ...signing, 'host.pub')
  return blobOf('host-cert.pub')
}

const noon = Date.parse('2026-06-01T12:00:00Z')
const problem = (blob: Buffer, host = 'node1.example', now = noon): string | undefined =>
  certificateProblem(parseCertificate(blob)!, host, now)

beforeAll(() => {
  keygen('-t', 'ed25519', '-N', '', '-f', 'host')
  keygen('-t', 'ed25519', '-N', '', '-f', 'ca')
  keygen('-t', 'rsa', '-b', '2048', '-N', '', '-f', 'rsa')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('host certificates', () => {
  it('hold the key, and prove it for their names and patterns', () => {
    const blob = certificate('-n', 'node1.example,*.lab')
    expect(plainKey(blob).equals(blobOf('host.pub'))).toBe(true)
    expect(problem(blob)).toBeUndefined()
    expect(problem(blob, 'a.lab')).toBeUndefined()
    expect(problem(blob, 'node2.example')).toBe('it is for node1.example, *.lab, not for node2.example')
    expect(problem(certificate(), 'anything')).toBeUndefined()
  })

  it('hold for their time', () => {
    const blob = certificate('-V', '20260601000000Z:20260602000000Z')
    expect(problem(blob)).toBeUndefined()
    expect(problem(blob, 'x', noon - 86_400_000)).toBe('it is valid from 2026-06-01T00:00:00.000Z on')
    expect(problem(blob, 'x', noon + 86_400_000)).toBe('it expired on 2026-06-02T00:00:00.000Z')
  })

  it.each([
    ['ed25519', []],
    ['ecdsa', ['-b', '256']],
    ['ecdsa', ['-b', '384']],
    ['ecdsa', ['-b', '521']],
    ['rsa', []],
  ])('are believed to authorities of type %s %j, and to nobody else', (type, more) => {
    if (type !== 'rsa') keygen('-t', type, ...more, '-N', '', '-f', `${type}${more.join('')}`)
    keygen('-s', `${type}${more.join('')}`, '-h', '-I', 'id', 'host.pub')
    const blob = blobOf('host-cert.pub')
    expect(problem(blob)).toBeUndefined()
    for (const at of [60, blob.length - 5]) {
      const forged = Buffer.from(blob)
      forged[at]! ^= 1
      expect(problem(forged)).toBe('its signature is not that of its authority')
    }
  })

  it('are neither certificates of users nor signed with SHA-1', () => {
    keygen('-s', 'ca', '-I', 'id', '-n', 'root', 'host.pub')
    expect(problem(blobOf('host-cert.pub'))).toBe('it is the certificate of a user')
    keygen('-s', 'rsa', '-t', 'ssh-rsa', '-h', '-I', 'id', 'host.pub')
    expect(problem(blobOf('host-cert.pub'))).toBe('its signature is not that of its authority')
  })

  it('that are cut short, or longer than they say, are none', () => {
    const blob = certificate()
    for (let length = 0; length < blob.length; length += 7)
      expect(parseCertificate(blob.subarray(0, length))).toBeUndefined()
    expect(parseCertificate(Buffer.concat([blob, Buffer.alloc(1)]))).toBeUndefined()
    expect(plainKey(blob.subarray(0, 90)).length).toBe(90)
  })
})
