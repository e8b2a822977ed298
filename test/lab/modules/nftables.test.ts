import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { convergesOn, runOn } from './converge.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'

let lab: Lab
let host: LabModuleHost

beforeAll(async () => {
  lab = openLab(ourLabDir())
  host = await connectLabHost(lab, 'server-1')
  await play('apt', { name: 'nftables', update_cache: true, install_recommends: false }, true)
  await sh(
    'nft add table inet others; nft add chain inet others c; nft add rule inet others c counter accept',
  )
})
afterAll(async () => {
  await sh('nft delete table inet others')
  await host?.close()
})

const sh = async (command: string) =>
  (await host.query({ body: `{ ${command}\n} 2>&1` })).stdout.toString().trim()

const play = (name: string, args: unknown, apply: boolean) => runOn(host, name, args, apply)
const converges = (args: unknown) => convergesOn(host, 'nftables', args)

const api = { comment: "k3s $(id) 'é", rule: 'tcp dport { 6443, 9345 } ip saddr != 10.0.0.0/24 drop' }

test('a rule of our own, and nothing of others', async () => {
  await converges(api)
  expect(await sh('nft list table inet tsplay')).toContain(`comment "${api.comment}"`)
  expect(await sh('nft list table inet others')).toContain('counter packets')
  expect(await sh('systemctl is-active nftables; systemctl is-enabled nftables; true')).toBe(
    'inactive\ndisabled',
  )
})

test('changed in place, moved to another chain, and taken away with the last one', async () => {
  const second = { chain: 'input', rule: 'iifname "eth9" counter accept', comment: 'second' }
  const { rules } = await converges({ comment: second.comment, rule: second.rule })
  expect(rules).toEqual([{ chain: 'input', rule: api.rule, comment: api.comment }, second])
  const listed = await play('nftables', { state: 'info' }, true)
  expect(listed.change).toBeUndefined()
  expect(listed.fields.rules).toEqual(rules)
  await converges({ ...api, rule: 'tcp dport 6443 ip saddr != 10.1.0.0/24 drop' })
  expect(await sh("nft list chain inet tsplay input | grep -o 'comment.*'")).toBe(
    `comment "${api.comment}"\ncomment "second"`,
  )
  await converges({ comment: 'second', rule: 'iifname "eth9" counter accept', chain: 'forward' })
  await converges({ comment: 'second', state: 'absent' })
  await converges({ comment: api.comment, state: 'absent' })
  expect(await sh('nft list tables | grep tsplay; ls /etc/nftables.d; true')).toBe('')
  expect((await play('nftables', { comment: 'none', state: 'absent' }, true)).change).toBeUndefined()
})

test('what the kernel has lost is loaded again; at boot the service does', async () => {
  await converges(api)
  await sh('nft delete table inet tsplay')
  await converges(api)
  await sh('nft delete table inet tsplay; nft -f /etc/nftables.conf')
  expect((await play('nftables', api, false)).change).toBeUndefined()
  await sh('nft add table inet others; nft add chain inet others c')
})

test('a rule that nft refuses changes nothing', async () => {
  const before = await sh('nft list ruleset; cat /etc/nftables.d/*')
  await expect(play('nftables', { comment: 'bad', rule: 'tcp dport nowhere drop' }, true)).rejects.toThrow(
    'could not set the rule bad',
  )
  expect(await sh('nft list ruleset; cat /etc/nftables.d/*')).toBe(before)
  await converges({ comment: api.comment, state: 'absent' })
})
