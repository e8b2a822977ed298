import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

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

/** `ansible-playbook …` or `ansible-inventory …`. */
export interface AnsibleCommand {
  readonly argv: readonly string[]
  /** Where it starts; its own folder unless given. */
  readonly cwd?: string
}

/** What a command of Ansible printed, and its exit code. */
export interface Said {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/** Runs commands by their folders: to load Ansible anew for each would take longer than most of them. */
export async function runAnsible(
  commands: ReadonlyMap<string, AnsibleCommand>,
  env: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, Said>> {
  for (const [folder, command] of commands) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'command.json'), JSON.stringify(command))
  }
  const words = [join(import.meta.dirname, 'run.py'), ...commands.keys()]
  const child = spawn('/usr/bin/python3', words, {
    env: { ...process.env, ANSIBLE_NOCOLOR: '1', PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`run.py ended with ${code}`)
  const read = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8')
  return new Map(
    [...commands.keys()].map((folder) => [
      folder,
      {
        stdout: read(folder, 'said'),
        stderr: read(folder, 'complained'),
        code: Number(read(folder, 'code')),
      },
    ]),
  )
}
