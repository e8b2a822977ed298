import fs from 'node:fs'
import path from 'node:path'
import type { Lab } from '../lab.js'

/** The newest and the middle version of the stand-ins, for tests that upgrade. */
export const [oldVersion, newVersion] = ['v1.34.2+k3s1', 'v1.35.0+k3s1'] as const

/** The unit that k3s's install.sh writes, in what matters here. */
function unit(role: 'server' | 'agent'): string {
  return `[Unit]
Description=tsplay lab stand-in for k3s, not the real k3s
Wants=network-online.target
[Install]
WantedBy=multi-user.target
[Service]
Type=notify
KillMode=process
Delegate=yes
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStart=/usr/local/bin/k3s ${role}
`
}

/** The service's name on a host of that role. */
function service(role: 'server' | 'agent'): string {
  return role === 'server' ? 'k3s' : 'k3s-agent'
}

/** Lab hosts with the stand-in on them. */
export interface K3sHosts {
  /** Runs a script as root; the exit code, and stdout with stderr behind it. */
  sh(name: string, script: string): Promise<{ code: number; text: string }>
  /** Runs `k3s kubectl` on a host; stdout and stderr together. */
  kubectl(name: string, argv: string): Promise<string>
  /** Puts binary, configuration and unit on a host; does not start it. */
  install(name: string, role: 'server' | 'agent', config: string, version?: string): Promise<void>
  /** Replaces the binary through a rename, as an upgrade does. */
  replaceBinary(name: string, version: string): void
  /** Writes a file on a host, as root with this mode. */
  write(name: string, file: string, content: string, mode?: number): void
  address(name: string): string
}

/** Adds what tests of the stand-in need to a lab. */
export function k3sHosts(lab: Lab): K3sHosts {
  const hostOf = (name: string) => {
    const host = lab.hosts.find((item) => item.name === name)
    if (host === undefined) throw new Error(`no host ${name} in the lab`)
    return host
  }
  const sh: K3sHosts['sh'] = async (name, script) => {
    const encoded = Buffer.from(script).toString('base64')
    const { code, stdout, stderr } = await lab.exec(name, `echo ${encoded} | base64 -d | sudo sh`)
    return { code, text: stdout + stderr }
  }
  const write: K3sHosts['write'] = (name, file, content, mode = 0o600) => {
    const target = path.join(hostOf(name).root, file)
    fs.mkdirSync(path.dirname(target), { recursive: true })
    fs.writeFileSync(target, content, { mode })
  }
  const replaceBinary: K3sHosts['replaceBinary'] = (name, version) => {
    const target = path.join(hostOf(name).root, 'usr/local/bin/k3s')
    fs.copyFileSync(path.join(lab.dir, 'k3s', version, 'k3s'), `${target}.new`)
    fs.chmodSync(`${target}.new`, 0o755)
    fs.renameSync(`${target}.new`, target)
  }
  return {
    sh,
    write,
    replaceBinary,
    kubectl: async (name, argv) => (await sh(name, `/usr/local/bin/k3s kubectl ${argv} 2>&1`)).text,
    install: async (name, role, config, version = oldVersion) => {
      replaceBinary(name, version)
      write(name, '/etc/rancher/k3s/config.yaml', config)
      write(name, `/etc/systemd/system/${service(role)}.service`, unit(role), 0o644)
      await sh(name, 'systemctl daemon-reload')
    },
    address: (name) => hostOf(name).address,
  }
}
