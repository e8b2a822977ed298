import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { BOX_ADDRESS, BOX_KEY } from './busybox.js'
import { hostFiles, labFiles } from './paths.js'
import { run } from './run.js'
import type { HostRecord } from './state.js'

const LOCAL_CAS = '/usr/local/share/ca-certificates'
const CA_BUNDLE = 'etc/ssl/certs/ca-certificates.crt'

/** Writes what makes a host itself into its mounted, not yet booted file system. */
export const seedHost = async (dir: string, host: HostRecord, subnet: string): Promise<void> => {
  const { keys } = hostFiles(dir, host.name)
  put(host, 'etc/hostname', `${host.name}\n`)
  put(host, 'etc/hosts', `127.0.0.1 localhost\n::1 localhost\n127.0.1.1 ${host.name}\n`)
  put(host, 'etc/resolv.conf', readFileSync('/etc/resolv.conf', 'utf8'))
  authorize(dir, host, 'root', 0)
  if (host.kind === 'busybox') {
    put(host, BOX_ADDRESS, `${host.address}/24 ${subnet}.1\n`)
    copyFileSync(join(keys, 'ssh_host_ed25519_key'), join(host.merged, BOX_KEY))
    return
  }
  authorize(dir, host, 'home/debian', 1000)
  // Written here, not by its first boot: that one would apply systemd's presets over what the image enabled.
  put(host, 'etc/machine-id', `${randomBytes(16).toString('hex')}\n`)
  put(host, 'etc/systemd/network/10-lab.network', network(host.address, subnet))
  for (const name of readdirSync(keys)) copyKey(join(keys, name), join(host.merged, 'etc/ssh', name))
  trustLocalCas(host)
  // Translations of what packages are for are a fourth of the work of each update, and nobody reads them.
  put(host, 'etc/apt/apt.conf.d/90lab', `Acquire::Languages "none";\n${await aptConnection()}`)
}

const network = (address: string, subnet: string): string =>
  `[Match]\nName=host0\n[Network]\nAddress=${address}/24\nGateway=${subnet}.1\nLinkLocalAddressing=no\n`

const put = (host: HostRecord, path: string, text: string): void => {
  const file = join(host.merged, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

const authorize = (dir: string, host: HostRecord, home: string, owner: number): void => {
  const folder = join(host.merged, home, '.ssh')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'authorized_keys')
  writeFileSync(file, readFileSync(`${labFiles(dir).key}.pub`), { mode: 0o600 })
  for (const path of [folder, file]) chownSync(path, owner, owner)
}

const copyKey = (from: string, to: string): void => {
  copyFileSync(from, to)
  chmodSync(to, to.endsWith('.pub') ? 0o644 : 0o600)
}

/** A controller behind an inspecting proxy trusts the proxy's own authority; a host behind the controller must too. */
const trustLocalCas = (host: HostRecord): void => {
  if (!existsSync(LOCAL_CAS)) return
  const names = readdirSync(LOCAL_CAS).filter((name) => name.endsWith('.crt'))
  if (names.length === 0) return
  const texts = names.map((name) => readFileSync(join(LOCAL_CAS, name), 'utf8').trim())
  for (const [i, name] of names.entries()) put(host, join(LOCAL_CAS, name), `${texts[i]}\n`)
  const bundle = readFileSync(join(host.merged, CA_BUNDLE), 'utf8').trim()
  put(host, CA_BUNDLE, `${[bundle, ...texts].join('\n')}\n`)
}

/** The controller's apt settings that decide whether a mirror is reached: proxies, and the checks of its dates. */
const aptConnection = async (): Promise<string> => {
  const { stdout } = await run('apt-config', ['dump'])
  const wanted = /^Acquire::(?:https?::Proxy|Check-Valid-Until|Check-Date)\b/i
  const lines = stdout.split('\n').filter((line) => wanted.test(line))
  return lines.map((line) => `${line}\n`).join('')
}
