import { randomBytes } from 'node:crypto'
import type { KubeObject } from '../api/resources.js'
import type { Config } from '../config/config.js'
import { CommandError } from '../core/log.js'
import { hashCa } from '../core/tokens.js'
import { type Connection, openConnection } from '../kubectl/connection.js'
import { durationMs } from '../kubectl/flags.js'
import { age, renderTable } from '../kubectl/table.js'
import { ask, commandConfig, localCa } from './local.js'

const flags = [
  { name: 'ttl', kind: 'string' as const },
  { name: 'description', kind: 'string' as const },
  { name: 'groups', kind: 'list' as const },
  { name: 'usages', kind: 'list' as const },
  { name: 'kubeconfig', kind: 'string' as const },
  { name: 'new-token', kind: 'string' as const },
  { name: 'output', alias: 'o', kind: 'string' as const },
]
const path = '/api/v1/namespaces/kube-system/secrets'
const prefix = 'bootstrap-token-'

function random(length: number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return [...randomBytes(length)].map((byte) => letters[byte % letters.length]).join('')
}

function connect(config: Config): Promise<Connection> {
  const file = config.str('kubeconfig')
  return openConnection({ words: [], flags: new Map(file === undefined ? [] : [['kubeconfig', [file]]]) })
}

async function create(config: Config, given: string | undefined): Promise<void> {
  const token = given ?? `${random(6)}.${random(16)}`
  const [id = '', secret = ''] = token.split('.')
  if (!/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(token)) throw new CommandError(`invalid bootstrap token ${token}`)
  const ttl = durationMs(config.str('ttl') ?? '24h')
  const expiration = ttl === 0 ? {} : { expiration: new Date(Date.now() + ttl).toISOString() }
  await (await connect(config)).call('POST', path, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'bootstrap.kubernetes.io/token',
    metadata: { name: prefix + id, namespace: 'kube-system' },
    stringData: {
      'token-id': id,
      'token-secret': secret,
      description: config.str('description') ?? '',
      ...expiration,
    },
  })
  process.stdout.write(`K10${hashCa(await localCa(config))}::${token}\n`)
}

async function list(config: Config): Promise<void> {
  const all = await (await connect(config)).call<{ items: KubeObject[] }>('GET', path)
  const tokens = all.items.filter((item) => item.metadata.name.startsWith(prefix))
  const rows = tokens.map(({ stringData: data }) => {
    const left =
      data.expiration === undefined
        ? '<forever>'
        : Date.parse(data.expiration) < Date.now()
          ? '<invalid>'
          : age(new Date(2 * Date.now() - Date.parse(data.expiration)).toISOString())
    return [
      data['token-id'],
      left,
      data.expiration ?? '<never>',
      'authentication',
      data.description || '<none>',
    ]
  })
  process.stdout.write(renderTable([['TOKEN', 'TTL', 'EXPIRES', 'USAGES', 'DESCRIPTION'], ...rows]))
}

async function remove(config: Config, names: string[]): Promise<void> {
  for (const name of names) {
    const id = name.split('.')[0] ?? ''
    await (await connect(config)).call('DELETE', `${path}/${prefix}${id}`)
    process.stdout.write(`bootstrap token "${id}" deleted\n`)
  }
}

async function rotate(config: Config): Promise<void> {
  const old = config.str('token')
  if (old === undefined) throw new CommandError('--token is required')
  await ask(config, 'token rotate', '/v1-k3s/token-rotate', { newToken: config.str('new-token') }, old)
  process.stdout.write('Token rotated, restart k3s nodes with new token\n')
}

/** `k3s token create|delete|generate|list|rotate`. */
export async function token(argv: readonly string[]): Promise<void> {
  const config = await commandConfig(argv.slice(1), flags)
  switch (argv[0]) {
    case 'create':
      return create(config, config.rest[0])
    case 'generate':
      return void process.stdout.write(`${random(6)}.${random(16)}\n`)
    case 'list':
      return list(config)
    case 'delete':
      return remove(config, config.rest)
    case 'rotate':
      return rotate(config)
    default:
      throw new CommandError(`No help topic for '${argv[0] ?? ''}'`, 3)
  }
}
