import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { afterAll, describe, expect, it } from 'vitest'
import { createTransport } from '../../../runner/transport/index.js'

const folder = mkdtempSync(join(tmpdir(), 'tsplay-hooks-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the inside of ssh2', () => {
  it('is the one that the hooks were written for', () => {
    const { version } = createRequire(import.meta.url)('ssh2/package.json') as { version: string }
    expect(version).toBe('1.17.0')
  })

  it.each([
    ['ed25519', []],
    ['ecdsa', ['-b', '256']],
    ['ecdsa', ['-b', '521']],
    ['rsa', ['-b', '2048']],
    ['rsa', ['-b', '2048', '-m', 'PEM']],
  ])('signs with a %s key %j at once, in a way that is true', async (type, more) => {
    const file = join(folder, `${type}${more.join('')}`)
    expect(spawnSync('ssh-keygen', ['-q', '-t', type, ...more, '-N', '', '-f', file]).status).toBe(0)
    const seen: string[] = []
    const server = new ssh2.Server({ hostKeys: [readFileSync(file)] }, (client) => {
      client.on('error', () => {})
      client.on('authentication', (context) => {
        if (context.method !== 'publickey') return context.reject(['publickey'])
        const key = ssh2.utils.parseKey(`${context.key.algo} ${context.key.data.toString('base64')}`)
        const plain = ssh2.utils.parseKey(readFileSync(`${file}.pub`))
        if (key instanceof Error || plain instanceof Error) return context.reject()
        const { signature, blob, hashAlgo } = context
        const good = signature && blob && plain.verify(blob, signature, hashAlgo) === true
        seen.push(signature ? (good ? 'signed' : 'forged') : 'asked')
        if (good) context.accept()
        else context.reject()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    const connection = await createTransport().connect({
      name: 'node1',
      connection: 'ssh',
      address: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      user: 'debian',
      identityFiles: [file],
      hostKeyPolicy: 'off',
      configFile: 'none',
    })
    expect(seen).toEqual(['signed'])
    await connection.close()
    await new Promise((resolve) => server.close(resolve))
  })
})
