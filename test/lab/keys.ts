import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hostFiles, labFiles } from './paths.js'
import { must } from './run.js'
import { type HostRecord, type LabState, writeWhole } from './state.js'

/** Makes the key that opens every host, once. */
export const ensureLabKey = async (dir: string): Promise<void> => {
  const { key } = labFiles(dir)
  if (existsSync(key)) return
  await must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'tsplay-lab', '-f', key])
}

/** Types of ssh host keys, as file name parts. Dropbear reads its own format only. */
const TYPES = { systemd: ['ed25519', 'ecdsa'], busybox: ['ed25519'] } as const

const typesOf = (host: HostRecord): readonly string[] =>
  host.kind === 'busybox' ? TYPES.busybox : TYPES.systemd

/** Makes the host's own keys, once: they outlive `fresh`, so that known_hosts stays true. */
export const ensureHostKeys = async (dir: string, host: HostRecord): Promise<void> => {
  const { keys } = hostFiles(dir, host.name)
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  for (const type of typesOf(host)) {
    const file = join(keys, `ssh_host_${type}_key`)
    if (existsSync(file) && existsSync(`${file}.pub`)) continue
    if (host.kind === 'busybox') {
      await must('rm', ['-f', file])
      await must('dropbearkey', ['-t', type, '-f', file])
      writeWhole(`${file}.pub`, publicKeyLine(await must('dropbearkey', ['-y', '-f', file])))
    } else {
      await must('rm', ['-f', file])
      await must('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', host.name, '-f', file])
    }
  }
}

/** The public key line in what `dropbearkey -y` prints. */
export const publicKeyLine = (text: string): string => `${/^ssh-\S+ \S+/m.exec(text)?.[0] ?? ''}\n`

/** Writes known_hosts: every host by its address and its name; one whose keys could not be made yet is left out. */
export const writeKnownHosts = (dir: string, state: LabState): void => {
  const lines = state.hosts.flatMap((host) =>
    typesOf(host).map((type) => {
      const file = join(hostFiles(dir, host.name).keys, `ssh_host_${type}_key.pub`)
      if (!existsSync(file)) return ''
      const line = readFileSync(file, 'utf8')
      return `${host.address},${host.name} ${line.trim().split(' ').slice(0, 2).join(' ')}\n`
    }),
  )
  writeWhole(labFiles(dir).knownHosts, lines.join(''), 0o600)
}
