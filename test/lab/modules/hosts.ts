import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { createRemote } from '../../../runner/engine/remote.js'
import { createAskHost } from '../../../runner/engine/together.js'
import type { ApplyHost } from '../../../runner/modules/module.js'
import { createTransport } from '../../../runner/transport/index.js'
import type { Lab } from '../lab.js'

/** A host of the lab as modules see it, over SSH, as root. */
export interface LabModuleHost extends ApplyHost {
  close(): Promise<void>
}

interface GroupVars {
  readonly ansible_user: string
  readonly ansible_ssh_private_key_file: string
  readonly ansible_ssh_common_args: string
}

/** Connects to a host of the lab; on systemd hosts becomes root with sudo, unless told not to. */
export async function connectLabHost(lab: Lab, name: string, asRoot = true): Promise<LabModuleHost> {
  const found = lab.hosts.find((host) => host.name === name)
  if (!found) throw new Error(`no host ${name} in the lab`)
  const busybox = found.kind === 'busybox'
  const inventory = parse(readFileSync(lab.inventoryPath, 'utf8'))
  const vars: GroupVars = inventory[busybox ? 'busybox' : 'k3s_cluster'].vars
  const transport = createTransport()
  const target = {
    name,
    connection: 'ssh',
    address: found.address,
    port: 22,
    user: vars.ansible_user,
    identityFiles: [vars.ansible_ssh_private_key_file],
    knownHostsFiles: [/UserKnownHostsFile=(\S+)/.exec(vars.ansible_ssh_common_args)![1]!],
    hostKeyPolicy: 'strict',
    connectTimeoutMs: 10_000,
  } as const
  let connection = await transport.connect(target)
  const become = busybox || !asRoot ? undefined : ({ method: 'sudo', user: 'root' } as const)
  const signal = new AbortController().signal
  const remote = createRemote(connection, {
    name,
    user: vars.ansible_user,
    become,
    environment: {},
    signal,
    ask: createAskHost(),
    connect: async () => {
      connection = await transport.connect(target)
      return connection
    },
  })
  return { ...remote, close: () => connection.close() }
}
