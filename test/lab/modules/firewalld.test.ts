import { afterAll, beforeAll, expect, test } from 'vitest'
import { findModule } from '../../../runner/modules/registry.js'
import { localController, runModule } from '../../support/cases.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'

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

const play = (args: unknown, apply: boolean, name = 'firewalld') =>
  runModule(findModule(name)!, args, { host, controller: localController('/nowhere') } as never, apply)

/** check → apply → apply: the same is foretold as done, and a second run finds nothing to do. */
async function converges(args: unknown) {
  const foretold = await play(args, false)
  expect(foretold.change, JSON.stringify(args)).toBeDefined()
  expect((await play(args, true)).change?.summary).toEqual(foretold.change?.summary)
  expect((await play(args, true)).change).toBeUndefined()
}

test('firewalld: needed, then ports, sources, rules and zones, now and for ever', async () => {
  const port = { zone: 'public', port: '6443/tcp', state: 'enabled' }
  expect((await play(port, false)).change?.requires).toEqual(['unit:firewalld.service'])
  await play({ name: 'firewalld', update_cache: true, install_recommends: false }, true, 'apt')
  await play({ name: 'firewalld', state: 'started' }, true, 'systemd')
  await converges({ ...port, permanent: true, immediate: true })
  expect(
    await sh('firewall-cmd --zone=public --list-ports; firewall-cmd --permanent --zone=public --list-ports'),
  ).toBe('6443/tcp\n6443/tcp')
  await converges({ ...port, state: 'disabled' })
  expect((await play({ ...port, permanent: true }, true)).change).toBeUndefined()
  await converges({
    zone: 'trusted',
    source: '10.42.0.0/16',
    permanent: true,
    immediate: true,
    state: 'enabled',
  })
  await converges({ rich_rule: 'rule family="ipv4" source address="10.9.9.9" reject', state: 'enabled' })
  await converges({ service: 'https', state: 'enabled', permanent: true })
  await converges({ masquerade: true, state: 'enabled' })
  await converges({ zone: 'lab', state: 'present', permanent: true, target: 'DROP' })
  await converges({ zone: 'lab', state: 'absent', permanent: true })
  const error = await play({ zone: 'no-such-zone', port: '1/tcp', state: 'enabled' }, true).catch((e) => e)
  expect(error.message).toContain('INVALID_ZONE')
})
