import path from 'node:path'
import type { Dirs } from '../api/context.js'
import type { Config } from '../config/config.js'
import { passFault } from './faults.js'
import { hostPath, readText, writeFile } from './files.js'
import { log } from './log.js'
import { standInNotice, version } from './version.js'

/** The directories of an installation under its data-dir. */
export function directories(config: Config): Dirs {
  const data = hostPath(config.str('data-dir') ?? '/var/lib/rancher/k3s')
  const server = path.join(data, 'server')
  return {
    data,
    server,
    agent: path.join(data, 'agent'),
    tls: path.join(server, 'tls'),
    db: path.join(server, 'db'),
  }
}

/** Says what starts, passes the fault points of a start, and notes the version for the next one. */
export async function announce(role: 'server' | 'agent', dirs: Dirs): Promise<void> {
  log('info', `Starting k3s ${role} ${version} (${standInNotice})`)
  await passFault('self-check')
  await passFault('start')
  const file = path.join(dirs.data, 'data', 'standin-version')
  const before = readText(file)
  if (before !== undefined && before !== version) {
    log('info', `This data was last used by ${before}; now ${version}`)
    await passFault('upgrade')
  }
  if (before !== version) writeFile(file, version, 0o644)
}
