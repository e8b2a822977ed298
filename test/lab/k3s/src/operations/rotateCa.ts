import { X509Certificate } from 'node:crypto'
import type { ServerContext } from '../api/context.js'
import { ApiError } from '../api/objects.js'
import { passFault } from '../core/faults.js'
import { hashCa } from '../core/tokens.js'
import { caNames, exportCas } from '../pki/serverPki.js'
import { update } from '../store/store.js'
import { bootstrapKey, type Sealed, seal } from './bootstrap.js'

function check(files: Record<string, string>): void {
  for (const name of caNames) {
    const [cert, key] = [files[`${name}.crt`], files[`${name}.key`]]
    if (cert === undefined || key === undefined) continue
    if (!new X509Certificate(cert).ca)
      throw new ApiError(500, 'BadRequest', `${name}.crt is not a CA certificate`)
  }
}

/**
 * Stores new CAs in the datastore; each server takes them at its next start.
 * @throws ApiError when they have another root than the present ones and `force` is not set
 */
export async function rotateCa(
  context: ServerContext,
  body: { files: Record<string, string>; force: boolean },
): Promise<{ ok: true }> {
  await passFault('cert-rotate', context.nodeName)
  const old = exportCas(context.dirs.tls)
  check(body.files)
  const root = (files: Record<string, string>): string => hashCa(files['server-ca.crt'] ?? '')
  if (!body.force && body.files['server-ca.crt'] !== undefined && root(body.files) !== root(old))
    throw new ApiError(
      500,
      'BadRequest',
      'failed to validate new CA certificates and keys; use the --force flag to skip validation: new server-ca is not signed by the current root',
    )
  const sealed = seal({ ...old, ...body.files }, context.token)
  await update<Sealed>(context.store, bootstrapKey, () => sealed)
  return { ok: true }
}
