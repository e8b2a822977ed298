import { execFile } from 'node:child_process'
import dgram from 'node:dgram'
import path from 'node:path'
import { promisify } from 'node:util'
import { hostPath, writeIfChanged } from '../core/files.js'
import { log, reason } from '../core/log.js'

const run = promisify(execFile)
const vxlanPort = 8472

/** Makes the interfaces that k3s leaves on a host: cni0 and flannel.1 (bridges here: not every kernel has vxlan or dummy). */
async function makeLinks(): Promise<void> {
  for (const name of ['cni0', 'flannel.1'])
    await run('ip', ['link', 'add', name, 'type', 'bridge'], { timeout: 5000 }).catch((error: unknown) => {
      if (!reason(error).includes('exists')) log('warning', `ip link add ${name}: ${reason(error).trim()}`)
    })
}

/**
 * Sets up what flannel would: files, interfaces, and the UDP port, which echoes each datagram so that a test can
 * see whether a firewall lets it through. Nothing with another backend than vxlan.
 */
export async function startFlannel(
  backend: string,
  agentDir: string,
  clusterCidr: string,
): Promise<() => void> {
  if (backend === 'none') return () => undefined
  writeIfChanged(
    hostPath('/run/flannel/subnet.env'),
    `FLANNEL_NETWORK=${clusterCidr}\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n`,
    0o644,
  )
  writeIfChanged(
    path.join(agentDir, 'etc', 'cni', 'net.d', '10-flannel.conflist'),
    '{"name":"cbr0","cniVersion":"1.0.0","plugins":[{"type":"flannel"},{"type":"portmap"}]}\n',
    0o600,
  )
  if (process.env.TSPLAY_STANDIN_NO_LINKS === undefined) await makeLinks()
  if (backend !== 'vxlan') return () => undefined
  const socket = dgram.createSocket('udp4')
  socket.on('message', (data, from) => {
    if (data.length < 64) socket.send(data, from.port, from.address)
  })
  socket.on('error', (error) => log('error', `flannel: ${error.message}`))
  socket.bind(vxlanPort)
  return () => socket.close()
}
