import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { createTransport } from '../../../runner/transport/index.js'
import type { Connection, Target } from '../../../runner/transport/transport.js'
import { eventually, exited } from '../../unit/transport/shells.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { firstOf, targetOf } from './hosts.js'
import { type OwnSshd, ownSshd } from './own-sshd.js'

const lab = openLab(ourLabDir())
const agent = firstOf(lab, 'agent')
const folder = mkdtempSync(join(tmpdir(), 'tsplay-lab-ssh-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const open: Connection[] = []
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close()
})
async function connect(name: string, over: Partial<Target> = {}): Promise<Connection> {
  const connection = await createTransport().connect(targetOf(lab, name, over))
  open.push(connection)
  return connection
}

const started: OwnSshd[] = []
afterAll(async () => {
  await Promise.all(started.map((one) => one.stop()))
})
async function sshd(config: readonly string[] = []): Promise<OwnSshd> {
  const one = await ownSshd(lab, agent, config)
  started.push(one)
  return one
}
async function connectTo({ port }: OwnSshd, ...config: readonly string[]): Promise<Connection> {
  const target = targetOf(lab, agent, { port })
  const sshArgs = [`hostkeyalias ${target.address}`, ...config].map((line) => {
    const [keyword = '', ...words] = line.split(' ')
    return { keyword, words, place: 'test' }
  })
  const connection = await createTransport().connect({ ...target, sshArgs })
  open.push(connection)
  return connection
}

describe.each(['agent', 'busybox'] as const)('a real %s host', (kind) => {
  const name = firstOf(lab, kind)

  it('runs scripts in order and gives back every byte', async () => {
    const host = await connect(name)
    const value = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1))
    const echoes = Array.from({ length: 100 }, (_, index) => exited(host, `echo ${index}`))
    const [bytes, ...order] = await Promise.all([
      exited(host, { body: 'printf %s "$v"', vars: { v: value } }),
      ...echoes,
    ])
    expect(bytes.bytes.equals(value)).toBe(true)
    expect(order.map(({ stdout }) => Number(stdout))).toEqual(
      Array.from({ length: 100 }, (_, index) => index),
    )
  })

  it('uploads with mode 0600, and never over a file', async () => {
    const host = await connect(name)
    const path = `/tmp/tsp-${randomBytes(4).toString('hex')} 'x'`
    const content = randomBytes(1_500_000)
    expect(await host.upload(content, path)).toMatchObject({ kind: 'exited', code: 0 })
    const again = await host.upload(Buffer.from('y'), path)
    expect(again.kind === 'exited' && again.code).not.toBe(0)
    const read = await exited(host, { body: 'cat "$path"; ls -l "$path" >&2; rm "$path"', vars: { path } })
    expect(read.bytes.equals(content)).toBe(true)
    expect(read.stderr).toMatch(/^-rw------- /)
  })

  it('ends the whole tree of a script that takes too long', async () => {
    const host = await connect(name)
    const body = 'trap "" TERM; setsid sleep 7654 & sleep 7654; wait; echo never'
    expect((await host.run({ body, timeoutMs: 500 })).kind).toBe('timedOut')
    const left = await exited(
      host,
      'ps 2>/dev/null | grep "[s]leep 7654"; ps -ef 2>/dev/null | grep "[s]leep 7654"; echo on',
    )
    expect(left.stdout).toBe('on\n')
  })

  it('keeps a large output within bounds', async () => {
    const host = await connect(name)
    const result = await exited(host, 'head -c 30000000 /dev/zero; exit 3')
    expect([result.code, result.truncated, result.bytes.length]).toEqual([3, true, 10 * 1024 * 1024])
  })
})

describe('host keys', () => {
  const refusal = async (over: Partial<Target>): Promise<unknown> =>
    connect(agent, over).then(
      () => 'connected',
      (error: unknown) => error,
    )
  const known = (): string[] => {
    const { address, knownHostsFiles } = targetOf(lab, agent)
    return readFileSync(knownHostsFiles[0]!, 'utf8')
      .split('\n')
      .filter((line) => line.split(' ')[0]?.split(',').includes(address))
  }

  it('that are not known are refused, recorded on demand, and known from then on', async () => {
    const file = join(folder, 'fresh', 'known_hosts')
    expect(await refusal({ knownHostsFiles: [file] })).toMatchObject({ code: 'host-key-unknown' })
    await connect(agent, { knownHostsFiles: [file], hostKeyPolicy: 'accept-new' })
    await connect(agent, { knownHostsFiles: [file] })
  })

  it('that have changed are refused', async () => {
    const other = randomBytes(32)
    const file = join(folder, 'changed')
    const type = Buffer.from('\0\0\0\u000bssh-ed25519\0\0\0 ', 'latin1')
    writeFileSync(
      file,
      `${targetOf(lab, agent).address} ssh-ed25519 ${Buffer.concat([type, other]).toString('base64')}\n`,
    )
    expect(await refusal({ knownHostsFiles: [file], hostKeyPolicy: 'accept-new' })).toMatchObject({
      code: 'host-key-changed',
    })
  })

  it('that known_hosts marks as revoked are refused under every policy', async () => {
    const file = join(folder, 'marked')
    writeFileSync(file, `${known().join('\n')}\n@revoked * ${known()[0]!.split(' ').slice(1).join(' ')}\n`)
    for (const hostKeyPolicy of ['strict', 'accept-new'] as const)
      expect(await refusal({ knownHostsFiles: [file], hostKeyPolicy })).toMatchObject({
        code: 'host-key-revoked',
        message: expect.stringContaining(file),
      })
  })

  it('that a file of RevokedHostKeys holds are refused, and a file that cannot be read trusts none', async () => {
    const list = (file: string) => [{ keyword: 'revokedhostkeys', words: [file], place: 'test' }]
    const file = join(folder, 'revoked')
    writeFileSync(file, `# old\n${known()[0]!.split(' ').slice(1).join(' ')} stolen\n`)
    expect(await refusal({ sshArgs: list(file) })).toMatchObject({
      code: 'host-key-revoked',
      message: expect.stringContaining(`is revoked by ${file}: ssh-ed25519 SHA256:`),
    })
    expect(await refusal({ sshArgs: list('/nowhere/list') })).toMatchObject({ code: 'host-key-revoked' })
    writeFileSync(file, '# none\n')
    expect(await refusal({ sshArgs: list(file) })).toBe('connected')
  })

  it('of whichever type is known are asked for', async () => {
    const lines = known()
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) {
      const file = join(folder, `only-${line.split(' ')[1]}`)
      writeFileSync(file, `${line}\n`)
      const host = await connect(agent, { knownHostsFiles: [file] })
      expect((await exited(host, 'echo in')).stdout).toBe('in\n')
    }
  })
})

describe('a real sshd', () => {
  it('refuses a wrong key once', async () => {
    const wrong = { identityFiles: [join(folder, 'none')], user: 'debian' }
    await expect(connect(agent, wrong)).rejects.toMatchObject({ code: 'key-file' })
    await expect(connect(agent, { user: 'nobody' })).rejects.toMatchObject({
      code: 'auth',
      message: expect.stringMatching(/does not let nobody in: it did not take key /),
    })
  })

  it('that allows one session still takes uploads, and both users', async () => {
    const become = { method: 'sudo', user: 'root' } as const
    const host = await connectTo(await sshd(['MaxSessions 1']))
    expect((await exited(host, 'id -un')).stdout).toBe('debian\n')
    expect((await exited(host, { body: 'id -un' }, { become })).stdout).toBe('root\n')
    const path = `/tmp/tsp-${randomBytes(4).toString('hex')}`
    const content = randomBytes(200_000)
    expect(await host.upload(content, path, { become })).toMatchObject({ kind: 'exited', code: 0 })
    const read = await exited(host, { body: 'cat "$path"; rm "$path"', vars: { path } }, { become })
    expect(read.bytes.equals(content)).toBe(true)
    for (const options of [{}, { become }]) {
      const stuck = { body: 'sleep 6543 & trap "" TERM; sleep 6543; wait', timeoutMs: 300 }
      expect((await host.run(stuck, options)).kind).toBe('timedOut')
      expect((await exited(host, 'pgrep -fx "sleep 6543"; echo on')).stdout).toBe('on\n')
    }
  })

  it('without an SFTP subsystem takes uploads', async () => {
    const host = await connectTo(await sshd(['Subsystem sftp /bin/false']))
    const path = `/tmp/tsp-${randomBytes(4).toString('hex')}`
    expect(await host.upload(Buffer.from('x'), path)).toMatchObject({ kind: 'exited', code: 0 })
    expect((await exited(host, { body: 'cat "$path"; rm "$path"', vars: { path } })).stdout).toBe('x')
  })

  const counted = 'echo once >>"$file"; echo begun; sleep 300'
  /** Waits on the host until the script has written, at most a minute. */
  const written = (file: string): string =>
    `tries=0; while ! [ -s ${file} ]; do tries=$((tries + 1)); [ $tries -lt 600 ] || exit 1; sleep 0.1; done`
  const begin = async (host: Connection, file: string) => {
    let begun = false
    const onOutput = (): void => {
      begun = true
    }
    const running = host.run({ body: counted, vars: { file } }, { onOutput })
    await eventually(() => begun)
    return running
  }

  it('that dies under a script leaves the outcome open, and is sent nothing twice', async () => {
    const own = await sshd()
    const host = await connectTo(own)
    const file = `/tmp/tsp-${randomBytes(4).toString('hex')}`
    const running = begin(host, file)
    await own.root(`${written(file)}; systemctl kill -s KILL ${own.unit}`)
    expect(await running).toMatchObject({ kind: 'lost', sent: true })
    expect(await host.run({ body: counted, vars: { file } })).toMatchObject({ kind: 'lost', sent: false })
    expect(await own.root(`cat ${file}; rm ${file}`)).toBe('once\n')
  })

  it('behind a network that swallows everything is given up when the keepalive goes unanswered', async () => {
    const own = await sshd()
    // Long enough for a busy machine: the script must have begun before the link counts as cut.
    const host = await connectTo(own, 'serveraliveinterval 2', 'serveralivecountmax 3')
    const file = `/tmp/tsp-${randomBytes(4).toString('hex')}`
    const running = begin(host, file)
    const rule = `-p tcp --dport ${own.port} -j DROP`
    await own.root(`${written(file)}; iptables -I INPUT ${rule}`)
    try {
      expect(await running).toMatchObject({ kind: 'lost', sent: true, reason: 'the host stopped answering' })
    } finally {
      await own.root(`iptables -D INPUT ${rule}; rm -f ${file}`)
    }
  })
})
