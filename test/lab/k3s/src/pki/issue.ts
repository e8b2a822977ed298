import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import { isIP } from 'node:net'
import { bits, boolean, integer, octets, oid, sequence, set, subjectOf, tagged, time, utf8 } from './der.js'

/** A certificate with its private key, both PEM. */
export interface Pair {
  cert: string
  key: string
}

/** What a certificate shall say. Without `ca` it signs itself. */
export interface Request {
  commonName: string
  organizations?: string[]
  ca?: Pair
  hosts?: string[]
  days: number
  /** Whether it may sign others; by default only what signs itself. */
  isCa?: boolean
  /** Keeps this key (k3s renews certificates at start without new keys). */
  key?: string
}

const ecdsaSha256 = '1.2.840.10045.4.3.2'
const rsaSha256 = '1.2.840.113549.1.1.11'

function name(commonName: string, organizations: string[]): Buffer {
  const part = (type: string, value: string): Buffer => set(sequence(oid(type), utf8(value)))
  return sequence(...organizations.map((value) => part('2.5.4.10', value)), part('2.5.4.3', commonName))
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail = ''] = address.split('::')
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '')
  const left = groups(head)
  const right = groups(tail)
  const filled = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return Buffer.from(filled.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return critical ? sequence(oid(id), boolean(true), octets(value)) : sequence(oid(id), octets(value))
}

function extensions(isCa: boolean, hosts: string[]): Buffer {
  const usage = isCa ? Buffer.from([0x03, 0x02, 0x01, 0xa6]) : Buffer.from([0x03, 0x02, 0x05, 0xa0])
  const list = [
    extension('2.5.29.19', true, isCa ? sequence(boolean(true)) : sequence()),
    extension('2.5.29.15', true, usage),
  ]
  if (!isCa)
    list.push(extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))))
  if (hosts.length > 0) {
    const names = hosts.map((host) =>
      isIP(host) === 0 ? tagged(0x82, Buffer.from(host)) : tagged(0x87, addressBytes(host)),
    )
    list.push(extension('2.5.29.17', false, sequence(...names)))
  }
  return tagged(0xa3, sequence(...list))
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string
}

/** Makes a certificate: ecdsa P-256, valid from a minute ago for `days`. */
export function issue(wanted: Request): Pair {
  const privateKey =
    wanted.key === undefined
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      : createPrivateKey(wanted.key)
  const signer = wanted.ca === undefined ? privateKey : createPrivateKey(wanted.ca.key)
  const subject = name(wanted.commonName, wanted.organizations ?? [])
  const issuer = wanted.ca === undefined ? subject : subjectOf(new X509Certificate(wanted.ca.cert).raw)
  const algorithm = sequence(oid(signer.asymmetricKeyType === 'rsa' ? rsaSha256 : ecdsaSha256))
  const from = new Date(Date.now() - 60_000)
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(11)])),
    algorithm,
    issuer,
    sequence(time(from), time(new Date(from.getTime() + wanted.days * 86_400_000))),
    subject,
    createPublicKey(keyPem(privateKey)).export({ type: 'spki', format: 'der' }),
    extensions(wanted.isCa ?? wanted.ca === undefined, wanted.hosts ?? []),
  )
  const signature = sign('sha256', body, signer)
  return { cert: pem('CERTIFICATE', sequence(body, algorithm, bits(signature))), key: keyPem(privateKey) }
}
