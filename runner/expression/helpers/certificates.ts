import { X509Certificate } from 'node:crypto'
import { EvaluationError } from '../compiled.js'
import { text } from './argument.js'

/** Text between them is passed over; k3s writes chains, the leaf first. */
export function certificates(value: unknown): unknown[] {
  const blocks = text('certificates', value).match(
    /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g,
  )
  return (blocks ?? []).map((pem, index) => {
    try {
      const found = new X509Certificate(pem)
      return {
        subject: found.subject.replaceAll('\n', ', '),
        issuer: found.issuer.replaceAll('\n', ', '),
        not_before: new Date(found.validFrom).toISOString(),
        not_after: new Date(found.validTo).toISOString(),
        ca: found.ca,
        sha256: found.fingerprint256.replaceAll(':', '').toLowerCase(),
      }
    } catch {
      throw new EvaluationError(`certificates: number ${index + 1} is damaged`)
    }
  })
}
