import { X509Certificate } from 'node:crypto'
import type { ServerContext } from '../api/context.js'
import { ApiError } from '../api/objects.js'
import { passFault } from '../core/faults.js'
import { certificatesOf } from '../core/tokens.js'
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

/** Whether a CA was signed, through others of its own file, by one of those before it. */
function continues(pem: string, old: string): boolean {
  const trusted = certificatesOf(old)
  const leads = (certificate: X509Certificate, others: X509Certificate[]): boolean =>
    trusted.some((known) => known.raw.equals(certificate.raw) || certificate.verify(known.publicKey)) ||
    others.some(
      (next) =>
        certificate.verify(next.publicKey) &&
        leads(
          next,
          others.filter((other) => other !== next),
        ),
    )
  const [first, ...others] = certificatesOf(pem)
  return first !== undefined && leads(first, others)
}

/**
 * Stores new CAs in the datastore; each server takes them at its next start.
 * @throws ApiError when one is not signed by its present CA and `force` is not set
 */
export async function rotateCa(
  context: ServerContext,
  body: { files: Record<string, string>; force: boolean },
): Promise<{ ok: true }> {
  await passFault('cert-rotate', context.nodeName)
  const old = exportCas(context.dirs.tls)
  check(body.files)
  for (const name of caNames) {
    const [now, before] = [body.files[`${name}.crt`], old[`${name}.crt`]]
    if (!body.force && now !== undefined && !continues(now, before ?? ''))
      throw new ApiError(
        500,
        'BadRequest',
        `failed to validate new CA certificates and keys; use the --force flag to skip validation: ${name}: new CA cert cannot be verified using old CA chain`,
      )
  }
  const sealed = seal({ ...old, ...body.files }, context.token)
  await update<Sealed>(context.store, bootstrapKey, () => sealed)
  return { ok: true }
}
