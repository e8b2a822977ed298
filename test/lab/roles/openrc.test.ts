import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type K3sHosts, k3sHosts } from '../k3s/hosts.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { failures, play, readInventory, writeInventory } from './play.js'

let lab: Lab
let k3s: K3sHosts

const inventory = (): string => {
  const one = readInventory(lab)
  one.k3s_cluster.children.server.hosts = { 'server-1': one.k3s_cluster.children.server.hosts['server-1']! }
  one.k3s_cluster.children.agent.hosts = {}
  return writeInventory(lab, 'openrc', one)
}
/** Parts of roles, with OpenRC beside the systemd that is the lab's init. */
const partsOf = (...tasks: object[]): string => {
  const path = join(lab.dir, 'openrc-playbook.yaml')
  const module_defaults = { service: { use: 'openrc' } }
  const one = {
    hosts: 'server',
    become: true,
    gather_facts: true,
    module_defaults,
    vars: { k3s_loaded: { stdout_lines: [] } },
    roles: ['k3s_cluster'],
    tasks,
  }
  writeFileSync(path, stringify([one]))
  return path
}
const script = `#!/sbin/openrc-run
command=/bin/sleep command_args=1000 command_background=true pidfile=/run/k3s-lab.pid
`
const install = `apt-get -qq update && apt-get -qq install -y --no-install-recommends openrc >/dev/null
mkdir -p /run/openrc && : >/run/openrc/softlevel && chmod +x /etc/init.d/k3s && rc-service k3s start`

beforeAll(async () => {
  lab = openLab(ourLabDir())
  k3s = k3sHosts(lab)
  await lab.fresh('server-1')
  k3s.write('server-1', '/etc/init.d/k3s', script)
  k3s.replaceBinary('server-1', 'v1.33.6+k3s1')
  expect((await k3s.sh('server-1', install)).code).toBe(0)
})
afterAll(() => lab.fresh('server-1'))

describe('an upgrade of a server with SQLite, under OpenRC', () => {
  it('starts the k3s that was stopped for a copy of its database, where that cannot be made', async () => {
    const pid = async () =>
      (await k3s.sh('server-1', 'rc-service k3s status >/dev/null && cat /run/k3s-lab.pid')).text
    const before = await pid()
    const copy = {
      block: [{ include_role: { name: 'k3s_upgrade', tasks_from: 'database' } }],
      rescue: [{ include_role: { name: 'k3s_service', tasks_from: 'failed' } }],
    }
    const failed = await play(inventory(), partsOf(copy))
    expect(failures(failed)).toMatch(/say why on server-1: non-zero return code: .*No such file or directory/)
    expect(await pid()).toMatch(/^\d+\n$/)
    expect(await pid()).not.toBe(before)
  })
})
