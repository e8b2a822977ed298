import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../../../runner/modules/wait-for.js'
import { addressesInProc } from '../../../../runner/modules/waiting/drained.js'
import { runModule, shells } from '../../../support/cases.js'
import { localHost } from '../../../support/local-host.js'

test.each([
  ['127.0.0.1', true, ['0100007F', '0000000000000000FFFF00000100007F']],
  ['127.0.0.1', false, ['7F000001', '00000000000000000000FFFF7F000001']],
  ['fe80::1:2', true, ['000080FE000000000000000002000100']],
  ['fe80::1:2', false, ['FE800000000000000000000000010002']],
  ['0.0.0.0', true, ['????????', '0000000000000000FFFF0000????????']],
  ['::', true, ['?'.repeat(32)]],
] as const)('%s as /proc/net/tcp has it (little endian: %s)', (address, little, expected) => {
  expect(addressesInProc(address, little)).toEqual(expected)
})

/** Real connections to servers of this process, seen in /proc/net/tcp and tcp6. */
describe.each(shells())('connections seen by $name', ({ argv, env, close }) => {
  const servers: Server[] = []
  const clients: Socket[] = []
  const port: Record<string, number> = {}
  beforeAll(async () => {
    for (const [name, listen, from] of [
      ['v4', '127.0.0.1', '127.0.0.1'],
      ['v6', '::1', '::1'],
      ['mapped', '::', '127.0.0.1'],
      ['idle', '127.0.0.1', ''],
    ] as const) {
      const server = createServer().listen(0, listen)
      await once(server, 'listening')
      servers.push(server)
      port[name] = (server.address() as AddressInfo).port
      if (from === '') continue
      const accepted = once(server, 'connection')
      clients.push(connect({ host: from, port: port[name]! }))
      await accepted
    }
  })
  afterAll(() => {
    for (const client of clients) client.destroy()
    for (const server of servers) server.close()
    close()
  })

  const drained = async (name: string, args: object) => {
    const on = { host: localHost(argv, env), controller: {} as never }
    const all = { port: port[name], state: 'drained', timeout: 0, ...args }
    return (await runModule(waitFor, all, on, false)).change === undefined
  }

  test.each([
    ['v4', {}, false],
    ['v4', { host: '0.0.0.0' }, false],
    ['v4', { host: '127.0.0.9' }, true],
    ['v4', { host: '::' }, true],
    ['v4', { exclude_hosts: ['127.0.0.1'] }, true],
    ['v4', { exclude_hosts: 'localhost,10.0.0.1' }, true],
    ['v4', { exclude_hosts: ['10.0.0.1'] }, false],
    ['v4', { active_connection_states: ['TIME_WAIT', 'SYN_RECV'] }, true],
    ['v4', { active_connection_states: 'ESTABLISHED' }, false],
    ['v6', { host: '::1' }, false],
    ['v6', { host: '::' }, false],
    ['v6', { host: 'localhost' }, false],
    ['v6', {}, true],
    ['mapped', {}, false],
    ['mapped', { host: '0.0.0.0' }, false],
    ['mapped', { exclude_hosts: ['127.0.0.1'] }, true],
    ['idle', { host: '0.0.0.0' }, true],
  ] as const)('%s %j', async (name, args, expected) => {
    expect(await drained(name, args)).toBe(expected)
  })
})

test.each([
  [{ state: 'drained' }, 'port'],
  [{ port: 1, exclude_hosts: ['a'] }, 'exclude_hosts'],
  [{ port: 1, state: 'drained', active_connection_states: ['LISTEN'] }, 'active_connection_states'],
  [{ port: 1, state: 'drained', active_connection_states: [] }, 'active_connection_states'],
  [{ port: 1, state: 'drained', exclude_hosts: ['$(id)'] }, 'exclude_hosts'],
])('%j is refused at %s', (args, at) => {
  expect(waitFor.args.safeParse(args).error?.issues.map(({ path }) => path[0])).toEqual([at])
})

test('a name is looked up on the host', async () => {
  const [{ argv, env, close }] = shells() as [ReturnType<typeof shells>[0]]
  const on = { host: localHost(argv, env), controller: {} as never }
  const args = { host: 'no-such-host.invalid', port: 1, state: 'drained' }
  await expect(runModule(waitFor, args, on, false)).rejects.toThrow(
    'no address of no-such-host.invalid is known',
  )
  close()
})
