import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { Dirs } from '../api/context.js'
import type { Config } from '../config/config.js'
import { readText, writeFile, writeIfChanged } from '../core/files.js'
import { Fatal } from '../core/log.js'
import { formatToken, hashCa, parseToken } from '../core/tokens.js'
import { configuredToken } from '../node/access.js'

/**
 * The cluster's secret for this start: from the configuration, else from the file of an earlier start, else a
 * fresh random one. @throws Fatal when the first server is given the secure form, whose CA does not exist yet
 */
export function serverSecret(config: Config, dirs: Dirs): string {
  const given = configuredToken(config)
  const kept = readText(path.join(dirs.server, 'token'))?.trim()
  const text = given ?? kept
  if (text === undefined) return randomBytes(16).toString('hex')
  const token = parseToken(text)
  if (token.bootstrap !== undefined) throw new Fatal('bootstrap tokens can only be used by agents')
  const joins = config.str('server') !== undefined
  const ca = readText(path.join(dirs.tls, 'server-ca.crt'))
  if (token.caHash !== '' && !joins && (ca === undefined || hashCa(ca) !== token.caHash))
    throw new Fatal(
      'starting kubernetes: preparing server: failed to normalize server token; must be in format K10<CA-HASH>::<USERNAME>:<PASSWORD> or <PASSWORD>: the cluster CA does not match the token',
    )
  return token.password
}

/** Writes server/token, node-token and agent-token. */
export function writeTokenFiles(dirs: Dirs, secret: string, agentSecret: string | undefined): void {
  const ca = readText(path.join(dirs.tls, 'server-ca.crt')) ?? ''
  const file = (name: string): string => path.join(dirs.server, name)
  writeIfChanged(file('token'), `${formatToken(ca, 'server', secret)}\n`)
  link(file('node-token'), file('token'))
  if (agentSecret === undefined) link(file('agent-token'), file('token'))
  else {
    if (fs.lstatSync(file('agent-token'), { throwIfNoEntry: false })?.isSymbolicLink())
      fs.rmSync(file('agent-token'))
    writeFile(file('agent-token'), `${formatToken(ca, 'node', agentSecret)}\n`)
  }
}

function link(name: string, target: string): void {
  fs.rmSync(name, { force: true })
  fs.symlinkSync(target, name)
}
