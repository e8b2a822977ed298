import { CommandError } from '../core/log.js'
import { standInNotice, version } from '../core/version.js'
import { type Connection, openConnection } from './connection.js'
import { type Args, flag, isOn, parseArgs } from './flags.js'

type Verb = (connection: Connection, args: Args) => Promise<void>

const verbs: Record<string, () => Promise<Verb>> = {
  get: async () => (await import('./get.js')).get,
  describe: async () => (await import('./describe.js')).describe,
  label: async () => (await import('./edit.js')).label,
  annotate: async () => (await import('./edit.js')).annotate,
  taint: async () => (await import('./edit.js')).taint,
  patch: async () => (await import('./edit.js')).patch,
  cordon: async () => (await import('./cordon.js')).cordon,
  uncordon: async () => (await import('./cordon.js')).uncordon,
  drain: async () => (await import('./drain.js')).drain,
  apply: async () => (await import('./apply.js')).apply,
  create: async () => (await import('./apply.js')).create,
  delete: async () => (await import('./delete.js')).remove,
  wait: async () => (await import('./wait.js')).wait,
  'cluster-info': async () => clusterInfo,
}

/** `kubectl …`. */
export async function kubectl(argv: readonly string[]): Promise<void> {
  if (argv.length === 0 || argv.includes('--help') || argv.includes('-h') || argv[0] === 'help')
    return void process.stdout.write(
      `kubectl of the ${standInNotice}\n\nCommands: ${Object.keys(verbs).join(', ')}, version\n`,
    )
  const parsed = parseArgs(argv)
  const [verb = '', ...words] = parsed.words
  const args = { ...parsed, words }
  if (verb === 'version') return showVersion(args)
  const load = verbs[verb]
  if (load === undefined) throw new CommandError(`error: unknown command "${verb}" for "kubectl"`)
  const run = await load()
  await run(await openConnection(args), args)
}

async function clusterInfo(connection: Connection): Promise<void> {
  await connection.call('GET', '/version')
  process.stdout.write(`Kubernetes control plane is running at ${connection.server}\n`)
}

async function showVersion(args: Args): Promise<void> {
  const client = { clientVersion: { gitVersion: version }, kustomizeVersion: 'v5.7.1' }
  const server = isOn(args, 'client')
    ? undefined
    : await (await openConnection(args)).call<{ gitVersion: string }>('GET', '/version')
  const output = flag(args, 'output')
  if (output === 'json' || output === 'yaml') {
    const data = server === undefined ? client : { ...client, serverVersion: server }
    process.stdout.write(
      output === 'json' ? `${JSON.stringify(data, null, 2)}\n` : (await import('yaml')).stringify(data),
    )
    return
  }
  process.stdout.write(`Client Version: ${version}\nKustomize Version: v5.7.1\n`)
  if (server !== undefined) process.stdout.write(`Server Version: ${server.gitVersion}\n`)
}
