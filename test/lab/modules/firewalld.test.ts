import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { convergesOn, runOn } from './converge.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'
import { connectWithShell, shellNames } from './shells.js'

let lab: Lab
let host: LabModuleHost

beforeAll(async () => {
  lab = openLab(ourLabDir())
  await lab.fresh('agent-1')
  host = await connectLabHost(lab, 'agent-1')
})
afterAll(async () => {
  await host?.close()
  await lab?.fresh('agent-1')
})

const sh = async (command: string) =>
  (await host.query({ body: `{ ${command}\n} 2>&1` })).stdout.toString().trim()

const play = (args: unknown, apply: boolean, name = 'firewalld') => runOn(host, name, args, apply)
const converges = (args: unknown) => convergesOn(host, 'firewalld', args)

const port = { zone: 'public', port: '6443/tcp', state: 'enabled' }

test('firewalld is needed', async () => {
  expect((await play(port, false)).change?.requires).toEqual(['unit:firewalld.service'])
  await play({ name: 'firewalld', update_cache: true, install_recommends: false }, true, 'apt')
  await play({ name: 'firewalld', state: 'started' }, true, 'systemd')
})

test.each(shellNames)('ports, sources, rules and zones, now and for ever, under %s', async (shell) => {
  await host.close()
  host = await connectWithShell(lab, 'agent-1', shell)
  await sh('rm -f /etc/firewalld/zones/*; firewall-cmd --reload')
  await converges({ ...port, permanent: true, immediate: true })
  expect(
    await sh('firewall-cmd --zone=public --list-ports; firewall-cmd --permanent --zone=public --list-ports'),
  ).toBe('6443/tcp\n6443/tcp')
  await converges({ ...port, state: 'disabled' })
  expect((await play({ ...port, permanent: true }, true)).change).toBeUndefined()
  const source = { zone: 'trusted', source: '10.42.0.0/16', permanent: true, immediate: true }
  await converges({ ...source, state: 'enabled' })
  await converges({ rich_rule: 'rule family="ipv4" source address="10.9.9.9" reject', state: 'enabled' })
  await converges({ service: 'https', state: 'enabled', permanent: true })
  await converges({ masquerade: true, state: 'enabled' })
  await converges({ zone: 'lab', state: 'present', permanent: true, target: 'DROP' })
  await converges({ zone: 'lab', state: 'absent', permanent: true })
  const error = await play({ zone: 'no-such-zone', port: '1/tcp', state: 'enabled' }, true).catch((e) => e)
  expect(error.message).toContain('INVALID_ZONE')
})
