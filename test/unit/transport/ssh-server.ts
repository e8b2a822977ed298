import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type Connection, type ServerChannel } from 'ssh2'
import type { Target } from '../../../runner/transport/transport.js'

/** Faults that a real sshd does not produce on demand. */
export interface Faults {
  /** Close each channel without telling how the program ended. */
  readonly noExitStatus?: boolean
  /** Refuse channels beyond this number at a time. */
  readonly maxSessions?: number
  /** Authentication methods that are taken, with any credential unless `refuseAll`. */
  readonly methods?: readonly ('publickey' | 'password' | 'keyboard-interactive')[]
  readonly refuseAll?: boolean
  /** What keyboard-interactive asks, round by round; by default for a password. */
  readonly questions?: readonly (readonly { readonly prompt: string; readonly echo: boolean }[])[]
  /** Hang up on this many connections before saying anything, as MaxStartups does. */
  readonly dropConnections?: number
}

/** A server in this process; programs run as this user through a real /bin/sh. */
export interface TestServer {
  readonly target: Target & { readonly knownHostsFiles: readonly string[] }
  /** Authentication requests that arrived, by method, with the password where there was one. */
  readonly attempts: string[]
  readonly executed: string[]
  connections: number
  /** Cut every connection without a word. */
  cut(): void
  /** From now on nothing passes in either direction, as behind a dead router. */
  blackHole(): void
  close(): Promise<void>
}

// The cheapest kind, made once: other kinds are tested by ssh-hooks.test.ts.
const hostKey = ssh2.utils.generateKeyPairSync('ed25519').private
const identityKey = ssh2.utils.generateKeyPairSync('ed25519').private

export async function testServer(faults: Faults = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tsplay-sshd-'))
  const identity = join(folder, 'id_ed25519')
  writeFileSync(identity, identityKey)
  chmodSync(identity, 0o600)
  const attempts: string[] = []
  const executed: string[] = []
  const children = new Set<ChildProcess>()
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => {})
    authenticate(client, faults, attempts)
    serve(client, faults, executed, children)
  })
  await listening(server as unknown as Server)
  const proxy = await faultyProxy((server.address() as AddressInfo).port, faults)
  const key = ssh2.utils.parseKey(hostKey)
  if (key instanceof Error) throw key
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(
    knownHosts,
    `[127.0.0.1]:${proxy.port} ssh-ed25519 ${key.getPublicSSH().toString('base64')}\n`,
  )
  const target: TestServer['target'] = {
    name: 'node1',
    connection: 'ssh',
    address: '127.0.0.1',
    port: proxy.port,
    user: 'debian',
    identityFiles: [identity],
    knownHostsFiles: [knownHosts],
    hostKeyPolicy: 'strict',
    connectTimeoutMs: 5000,
    configFile: 'none',
  }
  return {
    target,
    attempts,
    executed,
    get connections() {
      return proxy.connections()
    },
    cut: proxy.cut,
    blackHole: proxy.blackHole,
    close: async () => {
      proxy.cut()
      for (const child of children) child.stdin?.destroy()
      await Promise.all([proxy.close(), new Promise((resolve) => server.close(() => resolve(undefined)))])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function authenticate(
  client: Connection,
  { methods = ['publickey'], refuseAll, questions = [[{ prompt: 'Password: ', echo: false }]] }: Faults,
  attempts: string[],
): void {
  client.on('authentication', (context) => {
    const secret = context.method === 'password' ? ` ${context.password}` : ''
    attempts.push(`${context.method}${secret}`)
    const taken = methods.some((method) => method === context.method) && !refuseAll
    if (!taken) return context.reject([...methods])
    if (context.method !== 'keyboard-interactive') return context.accept()
    const ask = ([round, ...later]: typeof questions): void => {
      if (!round) context.accept()
      else
        context.prompt([...round], (answers) => {
          for (const answer of answers ?? []) attempts.push(`answer ${answer}`)
          ask(later)
        })
    }
    ask(questions)
  })
}

function serve(client: Connection, faults: Faults, executed: string[], children: Set<ChildProcess>): void {
  let open = 0
  client.on('session', (accept, reject) => {
    if (open >= (faults.maxSessions ?? 10)) return reject()
    open++
    const session = accept()
    session.on('close', () => open--)
    session.on('exec', (acceptExec, _, { command }) => {
      executed.push(command)
      const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] })
      children.add(child)
      relay(acceptExec(), child, faults)
    })
  })
}

function relay(channel: ServerChannel, child: ChildProcess, { noExitStatus }: Faults): void {
  channel.on('error', () => {})
  child.stdin?.on('error', () => {})
  channel.pipe(child.stdin!)
  child.stdout!.pipe(channel, { end: false })
  child.stderr!.pipe(channel.stderr, { end: false })
  child.once('close', (code, signal) => {
    if (!noExitStatus && signal) channel.exit(signal.replace('SIG', ''))
    else if (!noExitStatus) channel.exit(code ?? 0)
    channel.end()
  })
}

interface Proxy {
  readonly port: number
  connections(): number
  cut(): void
  blackHole(): void
  close(): Promise<void>
}

async function faultyProxy(port: number, { dropConnections = 0 }: Faults): Promise<Proxy> {
  const sockets = new Set<Socket>()
  let connections = 0
  const proxy = createServer((near) => {
    connections++
    if (connections <= dropConnections) return void near.destroy()
    const far = dial(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.setNoDelay(true)
    }
    near.pipe(far).pipe(near)
  })
  await listening(proxy)
  return {
    port: (proxy.address() as AddressInfo).port,
    connections: () => connections,
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    blackHole: () => {
      for (const socket of sockets) {
        socket.unpipe()
        socket.removeAllListeners('data')
        socket.resume()
      }
    },
    close: () => new Promise((resolve) => proxy.close(() => resolve())),
  }
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
}
