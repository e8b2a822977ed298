import { NODE_ON_HOST } from './paths.js'
import type { HostRecord } from './state.js'

/**
 * The command that boots a host.
 * - CAP_SYS_TIME is kept from hosts: the clock is the machine's, and a host could move it.
 * - Without systemd on the controller there is nobody to register with or to ask for a control group: the host stays
 *   in the one it was started in (`--keep-unit`), and a reboot ends the command with code 133.
 */
export const nspawnCommand = (host: HostRecord, bridge: string, controllerHasSystemd: boolean): string[] => {
  const common = [
    'systemd-nspawn',
    '--quiet',
    '--settings=no',
    `--directory=${host.merged}`,
    `--machine=${host.machine}`,
    `--hostname=${host.name}`,
    '--register=no',
    `--network-bridge=${bridge}`,
    '--capability=all',
    '--drop-capability=CAP_SYS_TIME',
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    '--console=read-only',
  ]
  const unit = controllerHasSystemd ? [] : ['--keep-unit']
  if (host.kind === 'busybox') return [...common, ...unit, '/sbin/init']
  return [...common, ...unit, `--bind-ro=${process.execPath}:${NODE_ON_HOST}`, '--boot']
}
