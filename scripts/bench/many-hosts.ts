import { type BenchHost, renderInventory } from './inventory.js'
import { runProcess } from './process.js'
import type { TestBed } from './test-bed.js'

/** Of 198.18.0.0/15, which RFC 2544 keeps for benchmarks. */
const range = '198.18.0.0/16'
const port = 2200

/** sshd as it is, but that it takes many at once and does not start a session of systemd-logind for each. */
const sshdConfig = `Port ${port}
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
UsePAM no
MaxStartups 2000
PidFile none
`

/**
 * One sshd on one lab host that answers at many addresses, each of which is a host to the controller. The route to
 * them, on the controller, is taken away at the end.
 */
export async function withManyHosts<T>(
  bed: TestBed,
  work: (inventory: (count: number) => string) => Promise<T>,
): Promise<T> {
  const host = bed.hosts.at(-1)!
  const access = bed.accessAs(host.name)
  const existing = await runProcess(['ip', '-4', 'route', 'show', 'root', range])
  if (existing.stdout.trim() !== '')
    throw new Error(`there is a route to ${range} already: ${existing.stdout}`)
  const config = '/etc/ssh/tsplay-bench.conf'
  const unit = 'tsplay-bench-sshd'
  await bed.onHost(host.name, `systemctl stop ${unit} 2>/dev/null; printf '%s' '${sshdConfig}' >${config}`)
  await bed.onHost(
    host.name,
    `ip route replace local ${range} dev lo &&
    systemd-run --quiet --collect --unit=${unit} -p TasksMax=infinity -p LimitNOFILE=65536 /usr/sbin/sshd -D -f ${config}`,
  )
  await runProcess(['ip', 'route', 'add', range, 'via', host.address])
  try {
    return await work((count) => bed.write(`many-${count}.yaml`, renderInventory(manyHosts(count), access)))
  } finally {
    await runProcess(['ip', 'route', 'delete', range, 'via', host.address])
    await bed.onHost(
      host.name,
      `systemctl stop ${unit}; ip route delete local ${range} dev lo; rm -f ${config}`,
    )
  }
}

/** The first `count` of them. */
export function manyHosts(count: number): BenchHost[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `host-${index + 1}`,
    address: `198.18.${Math.floor(index / 250)}.${(index % 250) + 1}`,
    port,
  }))
}
