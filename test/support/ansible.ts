import { spawnSync } from 'node:child_process'

/** Why Ansible is missing; undefined where it is there. It is installed, out of Debian's package, where that is possible. */
export function findAnsible(): string | undefined {
  const works = () => spawnSync('ansible-playbook', ['--version']).status === 0
  if (works()) return undefined
  if (process.getuid?.() !== 0) return 'ansible-core is missing, and only root can install it'
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const words = ['install', '-y', '--no-install-recommends', 'ansible-core']
  spawnSync('apt-get', words, { env, timeout: 240_000 })
  return works() ? undefined : 'ansible-core could not be installed'
}
