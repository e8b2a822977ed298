import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Target } from '../../../runner/transport/transport.js'
import type { Lab } from '../lab.js'

/** How to reach a host of the lab; its own key alone, so that an agent of the developer is not asked. */
export function targetOf(
  lab: Lab,
  name: string,
  over: Partial<Target> = {},
): Target & { readonly knownHostsFiles: readonly string[] } {
  delete process.env.SSH_AUTH_SOCK
  const host = lab.hosts.find((each) => each.name === name)
  if (!host) throw new Error(`the lab has no host ${name}`)
  const identity = join(lab.dir, 'id_ed25519')
  if (!existsSync(identity)) throw new Error(`the lab has no key ${identity}`)
  return {
    name,
    connection: 'ssh',
    address: host.address,
    port: 22,
    user: host.kind === 'busybox' ? 'root' : 'debian',
    identityFiles: [identity],
    hostKeyPolicy: 'strict',
    connectTimeoutMs: 60_000,
    configFile: 'none',
    ...over,
    knownHostsFiles: over.knownHostsFiles ?? [join(lab.dir, 'known_hosts')],
  }
}

/** The first host of a kind. */
export function firstOf(lab: Lab, kind: 'agent' | 'busybox'): string {
  const host = lab.hosts.find((each) => each.kind === kind)
  if (!host) throw new Error(`the lab has no ${kind}`)
  return host.name
}
