import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectTcp, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../runner/secrets/secret.js'
import { createTransport } from '../../../runner/transport/index.js'
import type { Connection, Target } from '../../../runner/transport/transport.js'
import { eventually, exited } from './shells.js'
import { type Faults, type TestServer, testServer } from './ssh-server.js'

let server: TestServer
let connection: Connection | undefined
afterEach(async () => {
  await connection?.close()
  connection = undefined
  await server?.close()
})

async function connect(faults: Faults = {}, over: Partial<Target> = {}, options = {}): Promise<Connection> {
  server = await testServer(faults)
  delete process.env.SSH_AUTH_SOCK
  connection = await createTransport(options).connect({ ...server.target, ...over })
  return connection
}

const replaceKey = (): void => {
  const [file = ''] = server.target.knownHostsFiles
  const other = readFileSync(file, 'utf8').replace(/.{8}\n$/, 'AAAAAAAA\n')
  writeFileSync(file, other)
}

describe('host keys', () => {
  it.each(['strict', 'accept-new'] as const)(
    'a changed one is refused under %s before any login',
    async (policy) => {
      server = await testServer()
      replaceKey()
      const before = readFileSync(server.target.knownHostsFiles[0]!)
      const target = { ...server.target, hostKeyPolicy: policy, password: new Secret('hunter2') }
      await expect(createTransport().connect(target)).rejects.toMatchObject({
        code: 'host-key-changed',
        message: expect.stringMatching(/SHA256:.*known_hosts:1 holds ssh-ed25519 SHA256:/),
      })
      expect([server.attempts, server.connections]).toEqual([[], 1])
      expect(readFileSync(server.target.knownHostsFiles[0]!)).toEqual(before)
    },
  )

  it('an unknown one is refused before any login', async () => {
    server = await testServer()
    rmSync(server.target.knownHostsFiles[0]!)
    await expect(createTransport().connect(server.target)).rejects.toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringMatching(/host key of node1 .* is not known: ssh-ed25519 SHA256:/),
    })
    expect([server.attempts, server.connections]).toEqual([[], 1])
  })

  it('an unknown one is recorded under accept-new, and known the next time', async () => {
    server = await testServer()
    rmSync(server.target.knownHostsFiles[0]!)
    await (await createTransport().connect({ ...server.target, hostKeyPolicy: 'accept-new' })).close()
    await (await createTransport().connect(server.target)).close()
    expect(readFileSync(server.target.knownHostsFiles[0]!, 'utf8').split('\n')).toHaveLength(2)
  })
})

describe('logging in', () => {
  it('offers the key without a probe', async () => {
    await connect()
    expect(new Set(server.attempts)).toEqual(new Set(['publickey']))
  })

  it('falls back to the password, once', async () => {
    await connect({ methods: ['password'] }, { password: new Secret('pa ss') })
    expect(server.attempts.filter((attempt) => attempt.startsWith('password'))).toEqual(['password pa ss'])
  })

  it('gives the password where only keyboard-interactive is taken', async () => {
    await connect({ methods: ['keyboard-interactive'] }, { password: new Secret('pa ss') })
    expect(server.attempts).toContain('answer pa ss')
  })

  it('gives the password to one hidden question, and nothing to any other', async () => {
    const questions = [
      [
        { prompt: 'Name: ', echo: true },
        { prompt: 'Password: ', echo: false },
      ],
      [{ prompt: 'New password: ', echo: false }],
    ]
    await connect({ methods: ['keyboard-interactive'], questions }, { password: new Secret('pa ss') })
    expect(server.attempts.slice(-3)).toEqual(['answer ', 'answer pa ss', 'answer '])
  })

  it('tries a wrong password once, and never connects again', async () => {
    const faults: Faults = { methods: ['password', 'keyboard-interactive'], refuseAll: true }
    const failure = connect(faults, { identityFiles: [], password: new Secret('wrong') })
    await expect(failure).rejects.toMatchObject({
      code: 'auth',
      message: expect.stringContaining('password'),
    })
    expect([server.attempts, server.connections]).toEqual([['password wrong'], 1])
  })

  it('offers what an agent holds, but not a key that was offered from its file', async () => {
    server = await testServer()
    const [identity = ''] = server.target.identityFiles
    const socket = join(identity, '..', 'agent')
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
    try {
      await eventually(() => existsSync(socket))
      process.env.SSH_AUTH_SOCK = socket
      expect(spawnSync('ssh-add', ['-q', identity]).status).toBe(0)
      await (await createTransport().connect({ ...server.target, identityFiles: [] })).close()
      expect(server.attempts).toEqual(['publickey', 'publickey'])
      await server.close()
      server = await testServer({ refuseAll: true })
      const both = createTransport().connect(server.target)
      await expect(both).rejects.toMatchObject({ code: 'auth' })
      expect(server.attempts).toEqual(['publickey'])
    } finally {
      delete process.env.SSH_AUTH_SOCK
      agent.kill()
    }
  })

  it('names a key file that is missing, encrypted or not a key', async () => {
    server = await testServer()
    const folder = join(server.target.identityFiles[0]!, '..')
    const encrypted = join(folder, 'encrypted')
    const noKey = join(folder, 'no-key')
    writeFileSync(noKey, 'x')
    expect(spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', encrypted]).status).toBe(0)
    const identityFiles = ['/nowhere/id', encrypted, noKey, `${encrypted}.pub`]
    const failure = createTransport().connect({ ...server.target, identityFiles })
    await expect(failure).rejects.toMatchObject({
      code: 'key-file',
      message: expect.stringMatching(
        /no key file \/nowhere\/id; .*encrypted is encrypted.*; .*no-key is not.*; .*public key/,
      ),
    })
    expect(server.connections).toBe(0)
  })

  it('asks for no passphrase where BatchMode says so', async () => {
    server = await testServer()
    const locked = join(server.target.identityFiles[0]!, '..', 'locked')
    expect(spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', locked]).status).toBe(0)
    const asked: string[] = []
    const ask = async (text: string) => {
      asked.push(text)
      return 'secret'
    }
    const sshArgs = [{ keyword: 'batchmode', words: ['yes'], place: 'test' }]
    const target = { ...server.target, identityFiles: [locked], sshArgs }
    await expect(createTransport({ ask }).connect(target)).rejects.toMatchObject({ code: 'key-file' })
    expect(asked).toEqual([])
  })
})

function portOf(listening: Server): Promise<number> {
  return new Promise((resolve) =>
    listening.listen(0, '127.0.0.1', () => resolve((listening.address() as { port: number }).port)),
  )
}

describe('connecting', () => {
  it('tries again where the server hangs up before the login', async () => {
    await connect({ dropConnections: 1 })
    expect(server.connections).toBe(2)
  })

  it('gives up after as many times as ConnectionAttempts says', async () => {
    const sshArgs = [{ keyword: 'connectionattempts', words: ['2'], place: 'test' }]
    await expect(connect({ dropConnections: 9 }, { sshArgs })).rejects.toMatchObject({ code: 'closed' })
    expect(server.connections).toBe(2)
  })

  it('tells a refused connection, an unknown name and silence apart', async () => {
    server = await testServer()
    const mute = createServer()
    const port = await portOf(mute)
    const to = (over: Partial<Target>): Promise<string> =>
      createTransport()
        .connect({ ...server.target, connectTimeoutMs: 300, ...over })
        .then(
          () => 'connected',
          ({ code }) => code,
        )
    const codes = await Promise.all([to({ port: 1 }), to({ address: 'no.such.host.invalid' }), to({ port })])
    expect(codes).toEqual(['refused', 'dns', 'timeout'])
    mute.close()
  })

  it('waits for a server that is slow to greet', async () => {
    server = await testServer()
    const slow = createServer((near) => {
      const far = connectTcp(server.target.port!, '127.0.0.1')
      near.pipe(far)
      setTimeout(() => far.pipe(near), 1500)
      for (const end of [near, far])
        end.on('error', () => {}).on('close', () => [near, far].map((one) => one.destroy()))
    })
    const port = await portOf(slow)
    const sshArgs = [{ keyword: 'hostkeyalias', words: ['slow'], place: 'test' }]
    const to = { ...server.target, port, sshArgs, hostKeyPolicy: 'accept-new' } as const
    const host = await createTransport().connect(to)
    expect((await exited(host, 'echo in')).stdout).toBe('in\n')
    await host.close()
    slow.close()
  })

  it('stops when it is interrupted', async () => {
    server = await testServer()
    const controller = new AbortController()
    const failure = createTransport().connect(server.target, controller.signal)
    controller.abort()
    await expect(failure).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('a connection', () => {
  it('runs scripts on one channel', async () => {
    const host = await connect()
    const results = await Promise.all(['echo 1', 'echo 2', 'exit 3'].map((body) => exited(host, body)))
    expect(results.map(({ code, stdout }) => [code, stdout])).toEqual([
      [0, '1\n'],
      [0, '2\n'],
      [3, ''],
    ])
    expect(server.executed).toEqual(['exec /bin/sh'])
  })

  it('that is cut tells which scripts may have run, and runs nothing twice', async () => {
    const host = await connect()
    await exited(host, 'true')
    let begun = false
    const onOutput = (): void => {
      begun = true
    }
    const running = host.run({ body: 'echo begun; sleep 5' }, { onOutput })
    await eventually(() => begun)
    server.cut()
    expect(await running).toMatchObject({ kind: 'lost', sent: true })
    expect(await host.run({ body: 'echo again' })).toMatchObject({ kind: 'lost', sent: false })
    expect(await host.upload(Buffer.from('x'), '/tmp/never')).toMatchObject({ kind: 'lost', sent: false })
    expect([server.executed, server.connections]).toEqual([['exec /bin/sh'], 1])
  })

  it('that goes silent is given up when the keepalive goes unanswered', async () => {
    const host = await connect({}, {}, { keepaliveMs: 300, keepaliveCount: 2 })
    await exited(host, 'true')
    const running = host.run({ body: 'sleep 5' })
    server.blackHole()
    expect(await running).toMatchObject({ kind: 'lost', sent: true, reason: 'the host stopped answering' })
  })

  it('without an exit status is never taken for success', async () => {
    const host = await connect({ noExitStatus: true })
    expect(await host.run({ body: 'kill -9 $$' })).toMatchObject({ kind: 'lost', sent: true })
    const path = join(server.target.identityFiles[0]!, '..', 'upload')
    expect(await host.upload(Buffer.from('x'), path)).toMatchObject({ kind: 'lost', sent: true })
  })

  it('gives scripts that did not begin to the next shell', async () => {
    const host = await connect()
    const [killed, next] = await Promise.all([host.run({ body: 'kill -9 $$' }), exited(host, 'echo next')])
    expect(killed).toMatchObject({ kind: 'signalled', signal: 'SIGKILL' })
    expect([next.stdout, server.executed.length]).toEqual(['next\n', 2])
  })

  it.each([10, 1])('uploads where the server allows %i sessions', async (maxSessions) => {
    const host = await connect({ maxSessions })
    await exited(host, 'true')
    const path = join(server.target.identityFiles[0]!, '..', "a file's \n name ")
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256))
    const pieces = Readable.from([content.subarray(0, 1000), content.subarray(1000)])
    expect(await host.upload(pieces, path)).toMatchObject({ kind: 'exited', code: 0 })
    expect(readFileSync(path).equals(content)).toBe(true)
    const { stdout } = await exited(host, { body: 'stat -c %a "$path"', vars: { path } })
    expect(stdout).toBe('600\n')
    const again = await host.upload(Buffer.from('other'), path)
    expect(again).toMatchObject({ kind: 'exited' })
    expect(again.kind === 'exited' && again.code).not.toBe(0)
    expect(readFileSync(path).equals(content)).toBe(true)
  })
})
