import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'

/** A host for the time of the warm-up: an SSH server of this process, whose programs are this user's own. */
export interface WarmUpHost {
  /** The inventory's variables by which it is reached. */
  readonly variables: Readonly<Record<string, unknown>>
  close(): void
}

/** @param folder where its keys are written */
export async function openWarmUpHost(folder: string): Promise<WarmUpHost> {
  const own = ssh2.utils.generateKeyPairSync('ed25519')
  const login = ssh2.utils.generateKeyPairSync('ed25519')
  const server = new ssh2.Server({ hostKeys: [own.private] }, (client) => {
    client.on('authentication', (context) =>
      context.method === 'publickey' ? context.accept() : context.reject(['publickey']),
    )
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _, { command }) => {
        const channel = acceptExec()
        const child = spawn('/bin/sh', ['-c', command], { stdio: 'pipe' })
        child.stdin.on('error', () => {})
        channel.pipe(child.stdin)
        child.stdout.pipe(channel, { end: false })
        child.stderr.pipe(channel.stderr, { end: false })
        child.once('close', (code) => {
          channel.exit(code ?? 1)
          channel.end()
        })
      })
    })
    client.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const [identity, knownHosts] = [join(folder, 'identity'), join(folder, 'known_hosts')]
  writeFileSync(identity, login.private, { mode: 0o600 })
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${own.public}\n`)
  return {
    variables: {
      ansible_host: '127.0.0.1',
      ansible_port: port,
      ansible_user: userInfo().username,
      ansible_ssh_private_key_file: identity,
      ansible_ssh_common_args: `-F none -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHosts}`,
    },
    close: () => server.close(),
  }
}
