import { CommandError, log } from '../core/log.js'
import { renderTable } from '../kubectl/table.js'
import type { SnapshotFile, SnapshotRequest } from '../operations/snapshots.js'
import { ask, commandConfig } from './local.js'

const flags = [
  { name: 'name', kind: 'string' as const },
  { name: 'dir', kind: 'string' as const },
  { name: 'snapshot-retention', kind: 'int' as const },
  { name: 'output', alias: 'o', kind: 'string' as const },
]

/** `k3s etcd-snapshot save|list|delete|prune`. */
export async function snapshot(argv: readonly string[]): Promise<void> {
  const [verb = 'save', ...rest] = argv[0]?.startsWith('-') === true ? ['save', ...argv] : argv
  const config = await commandConfig(rest, flags)
  const send = (request: SnapshotRequest): Promise<SnapshotFile[]> =>
    ask(config, 'etcd-snapshot', '/v1-k3s/snapshot', request)
  const directory = config.str('dir') ?? config.str('etcd-snapshot-dir')
  const dir = directory === undefined ? {} : { dir: directory }
  const base = config.str('name')
  switch (verb) {
    case 'save':
      for (const file of await send({ verb: 'save', name: base ?? 'on-demand', ...dir }))
        log('info', `Snapshot ${file.name} saved.`)
      return
    case 'ls':
    case 'list':
      return print(await send({ verb: 'list', ...dir }), config.str('output'))
    case 'delete':
      if (config.rest.length === 0) throw new CommandError('no snapshots given for removal')
      for (const file of await send({ verb: 'delete', names: config.rest, ...dir }))
        log('info', `Snapshot ${file.name} deleted.`)
      return
    case 'prune': {
      const keep = config.int('snapshot-retention', config.int('etcd-snapshot-retention', 5))
      for (const file of await send({ verb: 'prune', name: base ?? 'on-demand', keep, ...dir }))
        log('info', `Snapshot ${file.name} deleted.`)
      return
    }
    default:
      throw new CommandError(`No help topic for '${verb}'`, 3)
  }
}

function print(files: SnapshotFile[], output: string | undefined): void {
  if (output === 'json')
    return void process.stdout.write(`${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: files })}\n`)
  const rows = files.map((file) => [file.name, `file://${file.path}`, String(file.size), file.created])
  process.stdout.write(renderTable([['Name', 'Location', 'Size', 'Created'], ...rows]))
}
