import { CommandError } from '../core/log.js'
import type { EncryptionStatus, EncryptVerb } from '../operations/encryption.js'
import { ask, commandConfig } from './local.js'

const flags = [
  { name: 'force', alias: 'f', kind: 'bool' as const },
  { name: 'skip', kind: 'bool' as const },
  { name: 'output', alias: 'o', kind: 'string' as const },
]

const done: Record<Exclude<EncryptVerb, 'status'>, string> = {
  enable: 'secrets-encryption enabled',
  disable: 'secrets-encryption disabled',
  prepare: 'prepare completed successfully',
  rotate: 'rotate completed successfully',
  reencrypt: 'reencryption started',
  'rotate-keys': 'keys rotated, reencryption started',
}

function show(status: EncryptionStatus): string {
  if (status.keys.length === 0) return 'Encryption Status: Disabled, no configuration file found\n'
  const rows = status.keys.map(
    (key, i) => ` ${i === 0 && status.enabled ? '*' : ' '}      AES-CBC   ${key}\n`,
  )
  return `Encryption Status: ${status.enabled ? 'Enabled' : 'Disabled'}
Current Rotation Stage: ${status.stage}
Server Encryption Hashes: ${status.hashes}

Active  Key Type  Name
------  --------  ----
${rows.join('')}`
}

/** `k3s secrets-encrypt status|enable|disable|prepare|rotate|reencrypt|rotate-keys`. */
export async function encrypt(argv: readonly string[]): Promise<void> {
  const verb = argv[0] ?? ''
  const config = await commandConfig(argv.slice(1), flags)
  if (verb !== 'status' && !(verb in done)) throw new CommandError(`No help topic for '${verb}'`, 3)
  const status = await ask<EncryptionStatus>(config, 'secrets-encrypt', '/v1-k3s/encrypt', {
    verb,
    force: config.bool('force'),
    skip: config.bool('skip'),
  })
  if (verb !== 'status') process.stdout.write(`${done[verb as 'enable']}\n`)
  else process.stdout.write(config.str('output') === 'json' ? `${JSON.stringify(status)}\n` : show(status))
}
