import { randomBytes } from 'node:crypto'
import type { Lab } from '../lab.js'

/** An sshd of a test's own inside a lab host: what is done to it disturbs nobody else. */
export interface OwnSshd {
  readonly port: number
  /** Its unit of systemd, in which its sessions are too. */
  readonly unit: string
  /** What it logged so far (LogLevel VERBOSE). */
  log(): Promise<string>
  /** Runs a command on its host as root. */
  root(command: string): Promise<string>
  stop(): Promise<void>
}

/**
 * Starts one with the host's keys and these lines of sshd_config, which win over the ones here: sshd takes the first. It
 * goes with its unit, sessions and all.
 */
export async function ownSshd(lab: Lab, name: string, config: readonly string[] = []): Promise<OwnSshd> {
  const port = 20_000 + (randomBytes(2).readUInt16BE() % 20_000)
  const unit = `tsp-sshd-${port}`
  const root = async (command: string): Promise<string> => {
    const { code, stdout, stderr } = await lab.exec(name, command, 'root')
    if (code !== 0) throw new Error(`${command}: ${stderr}`)
    return stdout
  }
  const lines = [
    ...config,
    `Port ${port}`,
    'PidFile none',
    'LogLevel VERBOSE',
    'UsePAM yes',
    'KbdInteractiveAuthentication no',
  ]
  const quoted = lines.map((line) => `'${line}'`).join(' ')
  await root(
    `printf '%s\\n' ${quoted} >/run/${unit}.conf && systemd-run -q --unit=${unit} /usr/sbin/sshd -D -e -f /run/${unit}.conf`,
  )
  let up = false
  for (let tries = 0; tries < 50 && !up; tries++)
    up =
      (await root(`ss -Hltn "sport = :${port}"`)) !== '' ||
      (await new Promise((resolve) => setTimeout(resolve, 100, false)))
  if (!up) throw new Error(`the sshd on port ${port} of ${name} did not come up`)
  return {
    port,
    unit,
    root,
    log: () => root(`journalctl -q -o cat -u ${unit}`),
    stop: async () => {
      await root(
        `systemctl stop ${unit} 2>/dev/null; systemctl reset-failed ${unit} 2>/dev/null; rm -f /run/${unit}*; true`,
      )
    },
  }
}
