import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import ssh2 from 'ssh2'
import { type BareTask, bareTask } from './bare-scripts.js'
import type { Access, BenchHost } from './inventory.js'
import type { MixTask } from './mix-tasks.js'

/**
 * The least that a program over ssh2 can do for the mix: all hosts at once, one connection and one kept `sh` a host,
 * each script sent when the one before it has answered. No playbook, no validation, no report, no timeouts, no retry,
 * no waiting for the other hosts at each task. It connects as tsplay does: TCP_NODELAY, aes128-gcm, one key, the host
 * key compared with known_hosts. A program of its own: `node bare-loop.js FILE`, where FILE is a BareOrder as JSON.
 */
export interface BareOrder {
  readonly hosts: readonly BenchHost[]
  readonly access: Access
  readonly tasks: readonly MixTask[]
}

interface Shell {
  /** What the script printed. @throws Error when it ended with another code than 0 */
  run(script: string): Promise<string>
  close(): void
}

function openShell(host: BenchHost, { user, key, knownHosts }: Access): Promise<Shell> {
  const known = new Set(
    readFileSync(knownHosts, 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[2]),
  )
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    client.once('error', reject)
    client.once('ready', () =>
      client.exec('/bin/sh', (error, channel) =>
        error ? reject(error) : resolve(keptShell(client, channel)),
      ),
    )
    client.connect({
      sock: connect({ host: host.address, port: host.port, noDelay: true }),
      username: user,
      // As tsplay: without ssh's `none`, which would cost a round trip.
      authHandler: ['publickey'],
      privateKey: readFileSync(key),
      hostVerifier: (hostKey: Buffer) => known.has(hostKey.toString('base64')),
      algorithms: { cipher: ['aes128-gcm@openssh.com'], serverHostKey: ['ssh-ed25519'] },
    })
  })
}

function keptShell(client: ssh2.Client, channel: ssh2.ClientChannel): Shell {
  const mark = randomBytes(16).toString('hex')
  const end = new RegExp(`${mark} (\\d+)\n$`)
  let said = ''
  let settle: ((text: string, code: number) => void) | undefined
  channel.stderr.resume()
  channel.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8')
    const match = end.exec(said)
    if (!match) return
    const text = said.slice(0, match.index)
    said = ''
    settle?.(text, Number(match[1]))
  })
  return {
    run: (script) =>
      new Promise((resolve, reject) => {
        settle = (text, code) =>
          code === 0 ? resolve(text) : reject(new Error(`${code}: ${script}\n${text}`))
        channel.write(`(\n${script}\n) </dev/null\necho ${mark} $?\n`)
      }),
    close: () => client.end(),
  }
}

async function runHost(host: BenchHost, access: Access, tasks: readonly BareTask[]): Promise<number> {
  const shell = await openShell(host, access)
  let changed = 0
  for (const task of tasks) {
    const change = task.apply(await shell.run(task.probe))
    if (change === undefined) continue
    await shell.run(change)
    changed++
  }
  shell.close()
  return changed
}

const order = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as BareOrder
const tasks = order.tasks.map(bareTask)
const changes = await Promise.all(order.hosts.map((host) => runHost(host, order.access, tasks)))
for (const [index, changed] of changes.entries())
  console.log(`${order.hosts[index]!.name} : ok=${tasks.length} changed=${changed}`)
