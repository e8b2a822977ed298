import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LabError } from './errors.js'
import { withLock } from './lock.js'
import { removeTree } from './mounts.js'
import { IMAGE_CACHE } from './paths.js'
import { must, run } from './run.js'

/** What an image is made from; its hash names the image, so a changed recipe is another image. */
export interface Recipe {
  suite: string
  packages: string[]
  /** Run by sh inside the image, after the packages. */
  script: string
}

const PACKAGES = [
  'systemd systemd-sysv dbus openssh-server iproute2 iptables nftables sudo procps kmod ufw curl ca-certificates',
  'iputils-ping netbase openssl libstdc++6 less',
].flatMap((line) => line.split(' '))

/** What every host has in common; what differs (keys, address, machine id) is written when it boots first. */
const SCRIPT = `set -eu
useradd --create-home --uid 1000 --shell /bin/bash debian
echo 'debian ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/debian
chmod 0440 /etc/sudoers.d/debian
printf '%s\\n' 'PasswordAuthentication no' 'KbdInteractiveAuthentication no' \\
  'PermitRootLogin prohibit-password' >/etc/ssh/sshd_config.d/lab.conf
# An answer on port 22 then means that everybody may log in, not root alone.
mkdir -p /etc/systemd/system/ssh.service.d
printf '[Unit]\\nAfter=systemd-user-sessions.service\\n' >/etc/systemd/system/ssh.service.d/lab.conf
systemctl enable systemd-networkd.service
# They would take apt's lock in the middle of a test.
systemctl mask apt-daily.timer apt-daily-upgrade.timer console-getty.service
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id /etc/resolv.conf /etc/hostname
mkdir -p /opt/tsplay-lab
: >/opt/tsplay-lab/node
apt-get clean
`

/** The recipe of the systemd hosts. TSPLAY_LAB_PACKAGES adds Debian packages, separated by spaces. */
export const systemdRecipe = (): Recipe => ({
  suite: 'bookworm',
  packages: [...PACKAGES, ...(process.env.TSPLAY_LAB_PACKAGES ?? '').split(/\s+/).filter(Boolean).sort()],
  script: SCRIPT,
})

/** Names an image by what it is made from. */
export const hashOf = (parts: unknown): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)

/**
 * The folder of the image with this hash, built by `build` when it is not there yet. A build that was cut off leaves
 * no image: it is made beside its place and renamed.
 */
export const imageOf = async (hash: string, build: (root: string) => Promise<void>): Promise<string> => {
  const place = join(IMAGE_CACHE, hash)
  const root = join(place, 'root')
  if (existsSync(root)) return root
  return withLock(join(IMAGE_CACHE, `${hash}.lock`), 900_000, async () => {
    if (existsSync(root)) return root
    const half = join(IMAGE_CACHE, `${hash}.half.${process.pid}`)
    await removeHalves(hash)
    mkdirSync(join(half, 'root'), { recursive: true })
    await build(join(half, 'root'))
    renameSync(half, place)
    return root
  })
}

/** Removes what builds that were cut off left. One may still be writing, orphaned: its rest goes with the next build. */
const removeHalves = async (hash: string): Promise<void> => {
  for (const name of readdirSync(IMAGE_CACHE).filter((entry) => entry.startsWith(`${hash}.half.`))) {
    await removeTree(join(IMAGE_CACHE, name)).catch(() => {})
  }
}

/** The image of the systemd hosts: Debian with sshd, as a cloud's would be. */
export const systemdImage = (say: (line: string) => void): Promise<string> => {
  const recipe = systemdRecipe()
  return imageOf(hashOf(recipe), async (root) => {
    say('building the image of the hosts: once, about a minute')
    const include = `--include=${recipe.packages.join(',')}`
    const args = ['--variant=minbase', include, recipe.suite, root]
    const built = await run('debootstrap', args, { timeoutMs: 900_000 })
    if (built.code !== 0) throw new LabError(debootstrapFailed(root, built.stdout))
    await must('chroot', [root, '/bin/sh', '-c', recipe.script], { timeoutMs: 60_000 })
    writeFileSync(join(root, '..', 'recipe.json'), `${JSON.stringify(recipe, null, 2)}\n`)
  })
}

const debootstrapFailed = (root: string, output: string): string => {
  const last = output.trim().split('\n').slice(-2).join(' / ')
  const log = join(root, 'debootstrap/debootstrap.log')
  return `debootstrap failed: ${last}; is Debian's mirror reachable? Its log: ${log}`
}
