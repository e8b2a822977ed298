import { randomBytes } from 'node:crypto'
import type { ServerContext } from '../api/context.js'
import { passFault } from '../core/faults.js'
import { parseToken } from '../core/tokens.js'
import { exportCas } from '../pki/serverPki.js'
import { update } from '../store/store.js'
import { bootstrapKey, type Sealed, seal } from './bootstrap.js'
import { writeTokenFiles } from './tokens.js'

/** Encrypts the cluster's CAs anew. The caller has proved the old token; other servers learn it at their restart. */
export async function rotateToken(
  context: ServerContext,
  body: { newToken?: string },
): Promise<{ ok: true }> {
  await passFault('token-rotate', context.nodeName)
  const password =
    body.newToken === undefined ? randomBytes(16).toString('hex') : parseToken(body.newToken).password
  const sealed = seal(exportCas(context.dirs.tls), password)
  await update<Sealed>(context.store, bootstrapKey, () => sealed)
  context.token = password
  writeTokenFiles(context.dirs, password, context.agentToken)
  return { ok: true }
}
