import fs from 'node:fs'
import path from 'node:path'
import type { Dirs } from '../api/context.js'
import type { Config } from '../config/config.js'
import { readText, writeFile } from '../core/files.js'
import { Fatal, log } from '../core/log.js'
import { nodeIp, nodeName } from '../node/identity.js'
import { importCas } from '../pki/serverPki.js'
import { etcdDisk } from '../store/disk.js'
import { fromSnapshot, type Kv } from '../store/kv.js'
import { membersKey, removedKey } from '../store/members.js'
import { clusterKey, newClusterId, newMember } from '../store/open.js'
import { bootstrapKey, type Sealed, unseal } from './bootstrap.js'
import { readSnapshot } from './snapshots.js'
import { serverSecret, writeTokenFiles } from './tokens.js'

/** Marks that a reset was done; a second in a row is refused. */
function resetFlag(dirs: Dirs): string {
  return path.join(dirs.db, 'reset-flag')
}

function setValue(kv: Kv, key: string, value: unknown): void {
  kv.data.set(key, { value, mod: kv.rev, created: kv.data.get(key)?.created ?? kv.rev })
}

/** `k3s server --cluster-reset`: makes this server the only member, from its own data or from a snapshot. */
export function clusterReset(config: Config, dirs: Dirs): void {
  const from = config.str('cluster-reset-restore-path')
  if (fs.existsSync(resetFlag(dirs)))
    throw new Fatal(
      `starting kubernetes: preparing server: start managed database: Managed etcd cluster membership was previously reset, please remove the cluster-reset flag and start k3s normally. If you need to perform another cluster reset, you must first manually delete the file at ${resetFlag(dirs)}`,
    )
  const kv = from === undefined ? ownState(dirs) : fromSnapshot(readSnapshot(from))
  const secret = serverSecret(config, dirs)
  const sealed = kv.data.get(bootstrapKey)?.value as Sealed | undefined
  if (sealed !== undefined) importCas(dirs.tls, unseal(sealed, secret))
  const directory = path.join(dirs.db, 'etcd')
  if (fs.existsSync(directory)) fs.renameSync(directory, `${directory}-old-${Math.floor(Date.now() / 1000)}`)
  const self = newMember(dirs.db, nodeName(config), nodeIp(config))
  kv.rev += 1
  kv.term += 1
  setValue(kv, membersKey, [self])
  setValue(kv, removedKey, [])
  setValue(kv, clusterKey, newClusterId())
  etcdDisk(dirs.db).install(kv)
  writeTokenFiles(dirs, secret, undefined)
  writeFile(resetFlag(dirs), '')
  log(
    'info',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: k3s prints this placeholder as it is
    'Managed etcd cluster membership has been reset, restart without --cluster-reset flag now. Backup and delete ${datadir}/server/db on each peer etcd server and rejoin the nodes',
  )
}

function ownState(dirs: Dirs): Kv {
  const disk = etcdDisk(dirs.db)
  if (!disk.exists || readText(path.join(dirs.db, 'etcd', 'name')) === undefined)
    throw new Fatal(
      'starting kubernetes: preparing server: start managed database: cluster-reset: etcd datastore is not initialized on this server',
    )
  return disk.load()
}
