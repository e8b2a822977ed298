import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { readText, writeFile, writeIfChanged } from '../core/files.js'
import { certificatesOf } from '../core/tokens.js'
import { issue, type Pair } from './issue.js'

/** Leaf certificates live a year; within this many days of the end a start renews them. */
const leafDays = 365
const renewWithinDays = 120
const caDays = 3650

/** CA name → files under server/tls, as k3s names them. */
export const caNames = [
  'server-ca',
  'client-ca',
  'request-header-ca',
  'etcd/server-ca',
  'etcd/peer-ca',
] as const
export type CaName = (typeof caNames)[number]

/** Leaf certificates of a server: file stem → CA, subject and the --service name of `k3s certificate`. */
export const leaves: {
  file: string
  ca: CaName
  cn: string
  o?: string
  service: string
  serving?: boolean
}[] = [
  { file: 'client-admin', ca: 'client-ca', cn: 'system:admin', o: 'system:masters', service: 'admin' },
  {
    file: 'client-controller',
    ca: 'client-ca',
    cn: 'system:kube-controller-manager',
    service: 'controller-manager',
  },
  { file: 'client-scheduler', ca: 'client-ca', cn: 'system:kube-scheduler', service: 'scheduler' },
  {
    file: 'client-kube-apiserver',
    ca: 'client-ca',
    cn: 'system:apiserver',
    o: 'system:masters',
    service: 'api-server',
  },
  {
    file: 'client-supervisor',
    ca: 'client-ca',
    cn: 'system:k3s-supervisor',
    o: 'system:masters',
    service: 'k3s-server',
  },
  {
    file: 'client-k3s-cloud-controller',
    ca: 'client-ca',
    cn: 'k3s-cloud-controller-manager',
    service: 'cloud-controller',
  },
  { file: 'client-k3s-controller', ca: 'client-ca', cn: 'system:k3s-controller', service: 'k3s-controller' },
  { file: 'client-kube-proxy', ca: 'client-ca', cn: 'system:kube-proxy', service: 'kube-proxy' },
  { file: 'client-auth-proxy', ca: 'request-header-ca', cn: 'system:auth-proxy', service: 'auth-proxy' },
  {
    file: 'serving-kube-apiserver',
    ca: 'server-ca',
    cn: 'kube-apiserver',
    service: 'api-server',
    serving: true,
  },
  { file: 'etcd/client', ca: 'etcd/server-ca', cn: 'etcd-client', service: 'etcd' },
  { file: 'etcd/server-client', ca: 'etcd/server-ca', cn: 'etcd-server', service: 'etcd', serving: true },
  { file: 'etcd/peer-server-client', ca: 'etcd/peer-ca', cn: 'etcd-peer', service: 'etcd', serving: true },
]

/** Reads certificate and key of a file stem; undefined when either is missing. */
export function readPair(tlsDir: string, stem: string): Pair | undefined {
  const cert = readText(path.join(tlsDir, `${stem}.crt`))
  const key = readText(path.join(tlsDir, `${stem}.key`))
  return cert === undefined || key === undefined ? undefined : { cert, key }
}

/** Reads a pair that must be there. */
export function mustReadPair(tlsDir: string, stem: string): Pair {
  const pair = readPair(tlsDir, stem)
  if (pair === undefined) throw new Error(`open ${path.join(tlsDir, stem)}.crt: no such file or directory`)
  return pair
}

function writePair(tlsDir: string, stem: string, pair: Pair): void {
  writeIfChanged(path.join(tlsDir, `${stem}.crt`), pair.cert, 0o644)
  writeIfChanged(path.join(tlsDir, `${stem}.key`), pair.key, 0o600)
}

/** Makes the cluster's CAs where they are missing; existing ones (custom CAs too) are kept. */
export function ensureCas(tlsDir: string): void {
  const stamp = Math.floor(Date.now() / 1000)
  for (const name of caNames)
    if (readPair(tlsDir, name) === undefined)
      writePair(tlsDir, name, issue({ commonName: `k3s-${name.replace('/', '-')}@${stamp}`, days: caDays }))
  const service = path.join(tlsDir, 'service.key')
  if (!fs.existsSync(service)) writeFile(service, issue({ commonName: 'service', days: 1 }).key, 0o600)
}

/** All files that a joining server must share, by path under server/tls. */
export function exportCas(tlsDir: string): Record<string, string> {
  const files = [...caNames.flatMap((name) => [`${name}.crt`, `${name}.key`]), 'service.key']
  return Object.fromEntries(files.map((file) => [file, readText(path.join(tlsDir, file)) ?? '']))
}

/** Writes what exportCas gave. */
export function importCas(tlsDir: string, files: Record<string, string>): void {
  for (const [file, content] of Object.entries(files))
    writeIfChanged(path.join(tlsDir, file), content, file.endsWith('.key') ? 0o600 : 0o644)
}

function daysLeft(pem: string): number {
  return (new Date(new X509Certificate(pem).validTo).getTime() - Date.now()) / 86_400_000
}

function isCurrent(pair: Pair, ca: Pair, hosts: string[]): boolean {
  const certificate = new X509Certificate(pair.cert)
  if (!certificate.verify(new X509Certificate(ca.cert).publicKey)) return false
  if (daysLeft(pair.cert) < renewWithinDays) return false
  const names = certificate.subjectAltName ?? ''
  return hosts.every((host) => names.includes(`:${host}`))
}

/** Makes or renews a server's leaf certificates; a renewal keeps the key, as a start of k3s does. */
export function ensureLeaves(tlsDir: string, hosts: string[]): void {
  for (const leaf of leaves) {
    const ca = mustReadPair(tlsDir, leaf.ca)
    const old = readPair(tlsDir, leaf.file)
    const wanted = leaf.serving === true ? hosts : []
    if (old !== undefined && isCurrent(old, ca, wanted)) continue
    const pair = issue({
      commonName: leaf.cn,
      organizations: leaf.o === undefined ? [] : [leaf.o],
      ca,
      hosts: wanted,
      days: leafDays,
      ...(old === undefined ? {} : { key: old.key }),
    })
    // Who knows the root alone needs what leads to it.
    const chain = wanted.length > 0 && certificatesOf(ca.cert).length > 1 ? ca.cert : ''
    writePair(tlsDir, leaf.file, { ...pair, cert: pair.cert + chain })
  }
}
