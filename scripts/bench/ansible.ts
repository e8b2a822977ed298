import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Finished, runAnyway, runProcess } from './process.js'

/** Debian's packages that are measured against. */
const packages = ['ansible-core', 'ansible-mitogen', 'python3-mitogen'] as const

/** Installs what is missing, as root on Debian or Ubuntu. @throws Error naming it elsewhere */
export async function ensureAnsible(): Promise<void> {
  const found = await runAnyway(['dpkg-query', '-W', '-f', `\${Package}\n`, ...packages])
  const missing = packages.filter((name) => !found.stdout.split('\n').includes(name))
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error(`missing Debian packages, installed here only as root: ${missing.join(' ')}`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await runProcess(['apt-get', 'update', '-qq'], { env })
  await runProcess(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...missing], { env })
}

/** `ansible-core 2.14.18-0+deb12u2, ansible-mitogen 0.3.3-9+deb12u1`. */
export async function ansibleVersions(): Promise<string> {
  const { stdout } = await runProcess([
    'dpkg-query',
    '-W',
    '-f',
    `\${Package} \${Version}\n`,
    ...packages.slice(0, 2),
  ])
  return stdout.trim().replaceAll('\n', ', ')
}

export interface AnsibleOptions {
  readonly forks: number
  readonly mitogen?: boolean
  readonly timeoutMs?: number
}

/**
 * Runs ansible-playbook with pipelining. Its ssh masters get a folder of their own and are ended with it: every run
 * connects anew, as every run of tsplay does.
 */
export async function runAnsible(args: readonly string[], options: AnsibleOptions): Promise<Finished> {
  const folder = mkdtempSync(join(tmpdir(), 'tsb-'))
  const config = join(folder, 'ansible.cfg')
  writeFileSync(config, '')
  const mitogen = options.mitogen ? { ANSIBLE_STRATEGY: 'mitogen_linear', MITOGEN_POOL_SIZE: '32' } : {}
  const env = {
    // Ansible refuses to start in a locale that is not UTF-8.
    LC_ALL: 'C.UTF-8',
    // Empty: neither the user's settings nor the system's count.
    ANSIBLE_CONFIG: config,
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_FORKS: `${options.forks}`,
    ANSIBLE_SSH_CONTROL_PATH_DIR: folder,
    ANSIBLE_SSH_RETRIES: '3',
    ANSIBLE_LOCAL_TEMP: join(folder, 'tmp'),
    ANSIBLE_NOCOLOR: '1',
    ...mitogen,
  }
  try {
    return await runProcess(['ansible-playbook', ...args], { env, timeoutMs: options.timeoutMs ?? 600_000 })
  } finally {
    await endMasters(folder)
  }
}

/** Ends the ssh masters whose control sockets stand in a folder, and deletes it. */
export async function endMasters(folder: string): Promise<void> {
  const sockets = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isSocket())
  await Promise.all(
    sockets.map(({ name }) =>
      runAnyway(['ssh', '-o', `ControlPath=${join(folder, name)}`, '-O', 'exit', 'host']),
    ),
  )
  rmSync(folder, { recursive: true, force: true })
}
