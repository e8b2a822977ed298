import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../config/config.js'
import { passFault } from '../core/faults.js'
import { readText } from '../core/files.js'
import { CommandError, log } from '../core/log.js'
import { directories } from '../core/start.js'
import { renderTable } from '../kubectl/table.js'
import { caNames, leaves } from '../pki/serverPki.js'
import { ask, commandConfig } from './local.js'

const flags = [
  { name: 'service', kind: 'list' as const },
  { name: 'output', alias: 'o', kind: 'string' as const },
  { name: 'path', kind: 'string' as const },
  { name: 'force', kind: 'bool' as const },
]
const agentLeaves = [
  { file: 'client-kubelet', service: 'kubelet' },
  { file: 'serving-kubelet', service: 'kubelet' },
  { file: 'client-kube-proxy', service: 'kube-proxy' },
  { file: 'client-k3s-controller', service: 'k3s-controller' },
]

interface Row {
  file: string
  subject: string
  service: string
  expires: string
  days: number
  status: 'OK' | 'WARNING' | 'EXPIRED'
}

function wanted(config: Config): { stem: string; service: string; ca: boolean }[] {
  const dirs = directories(config)
  const services = config.list('service')
  const all = [
    ...leaves.map((leaf) => ({ stem: path.join(dirs.tls, leaf.file), service: leaf.service, ca: false })),
    ...agentLeaves.map((leaf) => ({
      stem: path.join(dirs.agent, leaf.file),
      service: leaf.service,
      ca: false,
    })),
    ...caNames.map((name) => ({
      stem: path.join(dirs.tls, name),
      service: 'certificate-authority',
      ca: true,
    })),
  ]
  const unknown = services.filter((name) => !all.some((item) => item.service === name))
  if (unknown.length > 0) throw new CommandError(`invalid services: ${unknown.join(', ')}`)
  return all.filter((item) => services.length === 0 || services.includes(item.service))
}

function rows(config: Config): Row[] {
  return wanted(config).flatMap(({ stem, service }) => {
    const pem = readText(`${stem}.crt`)
    if (pem === undefined) return []
    const certificate = new X509Certificate(pem)
    const expires = new Date(certificate.validTo)
    const days = Math.floor((expires.getTime() - Date.now()) / 86_400_000)
    const status = days < 0 ? 'EXPIRED' : days < 120 ? 'WARNING' : 'OK'
    const subject = certificate.subject.split('\n').reverse().join(',')
    return [
      { file: path.basename(`${stem}.crt`), subject, service, expires: expires.toISOString(), days, status },
    ]
  })
}

function check(config: Config): void {
  const list = rows(config)
  if (list.length === 0) throw new CommandError('no certificates found')
  const output = config.str('output') ?? 'text'
  if (output === 'json') process.stdout.write(`${JSON.stringify({ certificates: list })}\n`)
  else if (output === 'table')
    process.stdout.write(
      renderTable([
        ['FILENAME', 'SUBJECT', 'USAGES', 'EXPIRES', 'RESIDUAL TIME', 'STATUS'],
        ...list.map((row) => [row.file, row.subject, row.service, row.expires, `${row.days}d`, row.status]),
      ]),
    )
  else
    for (const row of list)
      log(
        row.status === 'OK' ? 'info' : 'warning',
        `${row.file}: certificate ${row.subject} is ${row.status.toLowerCase()}, expires at ${row.expires}`,
      )
}

/** Puts the old files aside; the next start makes new certificates with new keys. */
async function rotate(config: Config): Promise<void> {
  await passFault('cert-rotate')
  const dirs = directories(config)
  const stamp = Math.floor(Date.now() / 1000)
  for (const directory of [dirs.tls, dirs.agent]) {
    if (!fs.existsSync(directory)) continue
    const backup = path.join(dirs.server, `tls-${stamp}`, path.basename(directory))
    fs.mkdirSync(backup, { recursive: true, mode: 0o700 })
  }
  for (const { stem, ca } of wanted(config)) {
    if (ca) continue
    for (const end of ['.crt', '.key']) {
      const file = stem + end
      const target = path.join(
        dirs.server,
        `tls-${stamp}`,
        path.relative(dirs.data, file).replaceAll('/', '_'),
      )
      if (fs.existsSync(file)) fs.renameSync(file, target)
    }
  }
  log(
    'info',
    `Successfully backed up certificates to ${path.join(dirs.server, `tls-${stamp}`)}, please restart k3s server or agent to rotate certificates`,
  )
}

async function rotateCa(config: Config): Promise<void> {
  const directory = config.str('path')
  if (directory === undefined) throw new CommandError('--path is required')
  const names = [...caNames.flatMap((name) => [`${name}.crt`, `${name}.key`]), 'service.key']
  const files = Object.fromEntries(
    names.flatMap((name) => {
      const text = readText(path.join(directory, name))
      return text === undefined ? [] : [[name, text]]
    }),
  )
  if (Object.keys(files).length === 0) throw new CommandError(`no CA certificates found in ${directory}`)
  await ask(config, 'rotate-ca', '/v1-k3s/rotate-ca', { files, force: config.bool('force') })
  process.stdout.write('certificates saved to datastore\n')
}

/** `k3s certificate check|rotate|rotate-ca`. */
export async function certificate(argv: readonly string[]): Promise<void> {
  const config = await commandConfig(argv.slice(1), flags)
  if (argv[0] === 'check') return check(config)
  if (argv[0] === 'rotate') return rotate(config)
  if (argv[0] === 'rotate-ca') return rotateCa(config)
  throw new CommandError(`No help topic for '${argv[0] ?? ''}'`, 3)
}
