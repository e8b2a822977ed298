import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../lab.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'

/** What /bin/sh is on Debian, on systems of Red Hat, and where there is nothing but busybox. */
export const shellNames = ['dash', 'bash', 'busybox'] as const

/** Makes a shell the /bin/sh of a host of the lab, and connects anew: what a connection keeps is what /bin/sh was. */
export async function connectWithShell(
  lab: Lab,
  name: string,
  shell: (typeof shellNames)[number],
): Promise<LabModuleHost> {
  const { root } = lab.hosts.find((host) => host.name === name)!
  const busybox = join(root, 'usr/bin/busybox')
  if (!existsSync(busybox)) copyFileSync('/usr/bin/busybox', busybox)
  await lab.exec(name, `sudo ln -sf ${shell} /bin/sh`)
  return connectLabHost(lab, name)
}
