import path from 'node:path'
import { CommandError, Fatal, log, reason } from './core/log.js'
import { standInNotice, version } from './core/version.js'

type Command = (argv: string[]) => Promise<void> | void

const usage = `NAME:
   k3s - ${standInNotice}

USAGE:
   k3s [global options] command [command options] [arguments...]

VERSION:
   ${version} (standin0)

COMMANDS:
   server           Run management server
   agent            Run node agent
   kubectl          Run kubectl
   crictl           Run crictl
   ctr              Run ctr
   check-config     Run config check
   token            Manage tokens
   etcd-snapshot    Manage etcd snapshots
   secrets-encrypt  Control secrets encryption and keys rotation
   certificate      Manage K3s certificates
`

/** Commands by name; each is loaded only when it is called. */
const commands: Record<string, () => Promise<Command>> = {
  server: async () => (await import('./commands/server.js')).server,
  agent: async () => (await import('./commands/agent.js')).agent,
  kubectl: async () => (await import('./kubectl/kubectl.js')).kubectl,
  crictl: async () => (await import('./commands/cri.js')).crictl,
  ctr: async () => (await import('./commands/cri.js')).ctr,
  'check-config': async () => (await import('./commands/cri.js')).checkConfig,
  token: async () => (await import('./commands/token.js')).token,
  'etcd-snapshot': async () => (await import('./commands/snapshot.js')).snapshot,
  'secrets-encrypt': async () => (await import('./commands/encrypt.js')).encrypt,
  certificate: async () => (await import('./commands/certificate.js')).certificate,
}

function printVersion(): void {
  process.stdout.write(`k3s version ${version} (standin0)\ngo version go1.24.9\n`)
}

async function main(): Promise<void> {
  const called = path.basename(process.argv[1] ?? 'k3s')
  const words = process.argv.slice(2)
  const argv = ['kubectl', 'crictl', 'ctr'].includes(called) ? [called, ...words] : words
  const [name, ...rest] = argv
  if (name === undefined || ['help', '--help', '-h'].includes(name)) return void process.stdout.write(usage)
  if (name === '--version' || name === '-v') return printVersion()
  const load = commands[name]
  if (load === undefined) throw new CommandError(`No help topic for '${name}'`, 3)
  if (name !== 'kubectl' && rest.some((word) => word === '--help' || word === '-h'))
    return void process.stdout.write(`NAME:\n   k3s ${name} - ${standInNotice}\n`)
  await (await load())(rest)
}

function fail(error: unknown): never {
  if (error instanceof CommandError) {
    process.stderr.write(`${error.message}\n`)
    process.exit(error.code)
  }
  log('fatal', error instanceof Fatal ? error.message : ((error as Error)?.stack ?? reason(error)))
  process.exit(1)
}

process.on('unhandledRejection', fail)
process.on('uncaughtException', fail)
main().catch(fail)
