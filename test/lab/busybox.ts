import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { hashOf, imageOf } from './image.js'
import { must } from './run.js'

/** Where the small hosts keep their address, for /etc/rc to read. */
export const BOX_ADDRESS = 'etc/lab-address'
/** Where dropbear's host key lies. */
export const BOX_KEY = 'etc/dropbear/host_ed25519'

const FILES: Record<string, string> = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  'etc/group': 'root:x:0:\n',
  'etc/shadow': 'root:*:19000:0:99999:7:::\n',
  'etc/inittab': `::sysinit:/etc/rc\n::respawn:/usr/bin/dropbear -F -E -s -r /${BOX_KEY}\n`,
  'etc/rc': `#!/bin/sh
hostname "$(cat /etc/hostname)"
read -r address gateway </${BOX_ADDRESS}
ip link set lo up
ip address add "$address" dev host0
ip link set host0 up
ip route add default via "$gateway"
`,
}

/** The libraries an ELF program is linked with, in ldd's words: `name => /path (address)` or `/path (address)`. */
export const parseLdd = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => /(?:=> |^\s+)(\/\S+) \(0x/.exec(line)?.[1] ?? '')
    .filter(Boolean)

const sourcesOf = async (): Promise<{ busybox: string; dropbear: string; libraries: string[] }> => {
  const which = async (name: string): Promise<string> =>
    realpathSync((await must('/bin/sh', ['-c', 'command -v "$1"', 'sh', name])).trim())
  const [busybox, dropbear] = await Promise.all([which('busybox'), which('dropbear')])
  return { busybox, dropbear, libraries: parseLdd(await must('ldd', [dropbear])) }
}

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

/**
 * The image of the small hosts: busybox (static), dropbear and its libraries, from the controller's own packages;
 * no bash, no GNU coreutils, no sudo, no Python, no package manager, no os-release.
 */
export const busyboxImage = async (): Promise<string> => {
  const sources = await sourcesOf()
  const programs = [sources.busybox, sources.dropbear, ...sources.libraries]
  return imageOf(hashOf([FILES, ...programs.map(digest)]), async (root) => {
    makeFolders(root)
    for (const library of sources.libraries) install(library, join(root, library))
    install(sources.dropbear, join(root, 'usr/bin/dropbear'))
    install(sources.busybox, join(root, 'usr/bin/busybox'))
    const applets = (await must(sources.busybox, ['--list']))
      .split('\n')
      .filter((name) => name && name !== 'busybox')
    for (const applet of applets) symlinkSync('busybox', join(root, 'usr/bin', applet))
    for (const [path, text] of Object.entries(FILES)) writeFileSync(join(root, path), text)
    chmodSync(join(root, 'etc/rc'), 0o755)
    chmodSync(join(root, 'etc/shadow'), 0o600)
  })
}

const makeFolders = (root: string): void => {
  const folders = [
    'dev',
    'etc/dropbear',
    'home',
    'mnt',
    'proc',
    'run',
    'sys',
    'tmp',
    'usr/bin',
    'usr/lib',
    'usr/lib64',
    'var/log',
  ]
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true })
  mkdirSync(join(root, 'root/.ssh'), { recursive: true, mode: 0o700 })
  chmodSync(join(root, 'root'), 0o700)
  const links = {
    bin: 'usr/bin',
    sbin: 'usr/bin',
    'usr/sbin': 'bin',
    lib: 'usr/lib',
    lib64: 'usr/lib64',
    'var/run': '../run',
  }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, name))
}

const install = (from: string, to: string): void => {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
  chmodSync(to, 0o755)
}
