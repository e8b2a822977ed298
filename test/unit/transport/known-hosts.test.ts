import { createHmac } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fingerprint, hostKeyCheck } from '../../../runner/transport/host-key.js'
import { knownHostsCache, parseKnownHosts } from '../../../runner/transport/known-hosts.js'
import type { HostKeySettings } from '../../../runner/transport/known-keys.js'
import type { HostKeyPolicy } from '../../../runner/transport/transport.js'

const folder = mkdtempSync(join(tmpdir(), 'tsplay-known-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A blob of the right shape: known_hosts looks at the type and at the bytes, never into the key. */
const blob = (type: string, fill: string): Buffer => {
  const field = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return Buffer.concat([length, bytes])
  }
  return Buffer.concat([field(Buffer.from(type)), field(Buffer.alloc(32, fill))])
}
const ed = blob('ssh-ed25519', 'a')
const otherEd = blob('ssh-ed25519', 'b')
const rsa = blob('ssh-rsa', 'c')
const line = (
  names: string,
  key: Buffer,
  type = key.toString('latin1', 4, 4 + key.readUInt32BE(0)),
): string => `${names} ${type} ${key.toString('base64')} a comment`
const hashed = (name: string): string => {
  const salt = Buffer.alloc(20, 's')
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

let count = 0
const write = (text: string): string => {
  const file = join(folder, `known_hosts${count++}`)
  writeFileSync(file, text)
  return file
}
const target = (over: Partial<HostKeySettings>): HostKeySettings => ({
  name: 'node1',
  address: 'node1.example',
  port: 22,
  hostKeyAlias: undefined,
  knownHostsFiles: [],
  globalKnownHostsFiles: [],
  hashKnownHosts: false,
  hostKeyPolicy: 'strict',
  ...over,
})

async function verdict(text: string, over: Partial<HostKeySettings> = {}, key = ed): Promise<string> {
  const check = await hostKeyCheck(target({ ...over, knownHostsFiles: [write(text)] }), knownHostsCache())
  return check.verify(key)?.code ?? 'trusted'
}

describe('known_hosts', () => {
  it.each([
    ['plain', line('node1.example', ed), {}, 'trusted'],
    ['nothing', '', {}, 'host-key-unknown'],
    ['a comment', `# ${line('node1.example', ed)}`, {}, 'host-key-unknown'],
    ['a comma list', line('a,node1.example,10.0.0.1', ed), {}, 'trusted'],
    ['another case', line('NODE1.Example', ed), { address: 'Node1.example' }, 'trusted'],
    ['hashed', line(hashed('node1.example'), ed), {}, 'trusted'],
    ['hashed, another name', line(hashed('node2.example'), ed), {}, 'host-key-unknown'],
    ['hashed with a port', line(hashed('[node1.example]:2222'), ed), { port: 2222 }, 'trusted'],
    ['a port', line('[node1.example]:2222', ed), { port: 2222 }, 'trusted'],
    ['another port', line('[node1.example]:2222', ed), { port: 2223 }, 'host-key-unknown'],
    ['a port, for 22', line('[node1.example]:2222', ed), {}, 'host-key-unknown'],
    ['the plain name, for a port', line('node1.example', ed), { port: 2222 }, 'trusted'],
    [
      'another key for the plain name, for a port',
      line('node1.example', otherEd),
      { port: 2222 },
      'host-key-unknown',
    ],
    ['a wildcard', line('*.example', ed), {}, 'trusted'],
    ['a question mark', line('node?.example', ed), {}, 'trusted'],
    ['a wildcard that does not match', line('*.example.org', ed), {}, 'host-key-unknown'],
    ['a negation', line('*.example,!node1.example', ed), {}, 'host-key-unknown'],
    ['a negation of another', line('*.example,!node2.example', ed), {}, 'trusted'],
    ['only a negation', line('!node2.example', ed), {}, 'host-key-unknown'],
    ['another key', line('node1.example', otherEd), {}, 'host-key-changed'],
    [
      'another key and this one',
      `${line('node1.example', otherEd)}\n${line('node1.example', ed)}`,
      {},
      'trusted',
    ],
    ['a key of another type', line('node1.example', rsa), {}, 'host-key-changed'],
    ['revoked', `@revoked ${line('*', ed)}\n${line('node1.example', ed)}`, {}, 'host-key-revoked'],
    ['another key revoked', `@revoked ${line('*', otherEd)}\n${line('node1.example', ed)}`, {}, 'trusted'],
    ['an authority', `@cert-authority ${line('node1.example', ed)}`, {}, 'host-key-unknown'],
    ['a type that is not the key’s', line('node1.example', ed, 'ssh-rsa'), {}, 'host-key-unknown'],
    ['broken base64', 'node1.example ssh-ed25519 !!!!', {}, 'host-key-unknown'],
    ['CRLF', `${line('node1.example', ed)}\r\n`, {}, 'trusted'],
    ['IPv6', line('[2001:db8::1]:2222', ed), { address: '2001:DB8::1', port: 2222 }, 'trusted'],
    ['off', line('node1.example', otherEd), { hostKeyPolicy: 'off' as HostKeyPolicy }, 'trusted'],
    [
      'accept-new',
      line('node1.example', otherEd),
      { hostKeyPolicy: 'accept-new' as HostKeyPolicy },
      'host-key-changed',
    ],
  ])('%s', async (_, text, over, expected) => {
    expect(await verdict(text, over)).toBe(expected)
  })

  // Backtracking would take for ever, and the test's time out.
  it('is linear in a pattern made to be slow', async () => {
    const slow = `${'*a'.repeat(2000)}b`
    expect(await verdict(line(slow, ed), { address: 'a'.repeat(2000) })).toBe('host-key-unknown')
  })

  it('asks for the key types that it holds', async () => {
    const files = [
      write(
        `${line('node1.example', rsa)}\n${line('other', ed)}\n@revoked ${line('node1.example', otherEd)}`,
      ),
    ]
    const { knownTypes } = await hostKeyCheck(target({ knownHostsFiles: files }), knownHostsCache())
    expect(knownTypes).toEqual(['ssh-rsa'])
  })

  it('tells the place of an entry', () => {
    expect(parseKnownHosts(`\n# x\n${line('a', ed)}\n`, '/f')[0]).toMatchObject({ file: '/f', line: 3 })
  })
})

describe('the message', () => {
  it('names host, key and way out for an unknown key', async () => {
    const over = target({ port: 2222, knownHostsFiles: [write('')] })
    const error = (await hostKeyCheck(over, knownHostsCache())).verify(ed)
    expect(error?.message).toBe(
      `the host key of node1 (node1.example port 2222) is not known: ${fingerprint(ed)}`,
    )
    expect(error?.hint).toMatch(/ssh-keyscan -p 2222 node1\.example >> .*--host-key-checking accept-new/)
  })

  it('shows both fingerprints and the line for a changed key', async () => {
    const file = write(`# first\n${line('node1.example', otherEd)}\n`)
    const error = (await hostKeyCheck(target({ knownHostsFiles: [file] }), knownHostsCache())).verify(ed)
    expect(error?.message).toContain(fingerprint(ed))
    expect(error?.message).toContain(`${file}:2 holds ${fingerprint(otherEd)}`)
  })
})

describe('accept-new', () => {
  const over = { hostKeyPolicy: 'accept-new' as const, port: 2222 }

  it('appends one line, to a new file that only the user reads', async () => {
    const file = join(folder, 'new', 'known_hosts')
    const cache = knownHostsCache()
    const one = target({ ...over, knownHostsFiles: [file] })
    expect((await hostKeyCheck(one, cache)).verify(ed)).toBeUndefined()
    expect(readFileSync(file, 'utf8')).toBe(`[node1.example]:2222 ssh-ed25519 ${ed.toString('base64')}\n`)
    expect([statSync(file).mode & 0o777, statSync(join(folder, 'new')).mode & 0o777]).toEqual([0o600, 0o700])
    const again = await hostKeyCheck(one, cache)
    expect([again.verify(ed), again.verify(otherEd)?.code]).toEqual([undefined, 'host-key-changed'])
  })

  it('begins a line of its own', async () => {
    const file = write(line('other', ed))
    ;(await hostKeyCheck(target({ ...over, knownHostsFiles: [file] }), knownHostsCache())).verify(ed)
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3)
  })

  it('leaves the file alone when the key has changed', async () => {
    const text = line('[node1.example]:2222', otherEd)
    const file = write(text)
    ;(await hostKeyCheck(target({ ...over, knownHostsFiles: [file] }), knownHostsCache())).verify(ed)
    expect(readFileSync(file, 'utf8')).toBe(text)
  })

  it('does not trust a key that it cannot record', async () => {
    const file = join(write('a file, not a folder'), 'known_hosts')
    const check = hostKeyCheck(target({ ...over, knownHostsFiles: [file] }), knownHostsCache())
    await expect(check).rejects.toMatchObject({ code: 'host-key-unknown' })
    const system = await hostKeyCheck(
      target({ ...over, knownHostsFiles: ['/etc/ssh/nowhere'] }),
      knownHostsCache(),
    )
    expect(system.verify(ed)?.message).toMatch(/cannot be recorded/)
  })
})

it('trusts nothing when known_hosts cannot be read', async () => {
  const file = join(folder, 'unreadable')
  mkdirSync(file)
  chmodSync(file, 0o700)
  const check = hostKeyCheck(target({ knownHostsFiles: [file] }), knownHostsCache())
  await expect(check).rejects.toMatchObject({
    code: 'host-key-unknown',
    message: expect.stringContaining(file),
  })
})
