import { describe, expect, test } from 'vitest'
import { Reader } from '../../../runner/modules/files/state.js'
import { normalAddress } from '../../../runner/modules/ufw/address.js'
import { readRules, ruleWords } from '../../../runner/modules/ufw/rule.js'
import { readUfw } from '../../../runner/modules/ufw/state.js'
import { ufw } from '../../../runner/modules/ufw.js'

const comment = Buffer.from('k3s — api').toString('hex')
const tuples = `*filter
### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 22 -j ACCEPT
### tuple ### allow tcp 6443 0.0.0.0/0 any 10.0.0.0/24 in comment=${comment}
### tuple ### limit_log udp 51820 0.0.0.0/0 any 0.0.0.0/0 in_eth0
### tuple ### deny any any 0.0.0.0/0 any 192.168.1.7 out
### tuple ### route:allow any any 10.42.0.0/16 any 0.0.0.0/0 in_cni0!out_eth1
### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 OpenSSH - in
`

test('rules are read with their comments, interfaces, logging and applications', () => {
  const rules = readRules(tuples, false)
  expect(rules.map((rule) => ruleWords(rule, true).join(' '))).toEqual([
    'allow in proto tcp from any to any port 22',
    'allow in proto tcp from 10.0.0.0/24 to any port 6443 comment k3s — api',
    'limit in on eth0 log proto udp from any to any port 51820',
    'deny out from 192.168.1.7 to any',
    'allow in on cni0 out on eth1 from any to 10.42.0.0/16',
    'allow in from any to any app OpenSSH',
  ])
  expect(rules[4]?.route).toBe(true)
})

test.each([
  ['10.0.0.77/24', '10.0.0.0/24'],
  ['10.0.0.7/32', '10.0.0.7'],
  ['0.0.0.0/0', 'any'],
  ['10.1.2.3/255.255.0.0', '10.1.0.0/16'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['2001:db8:ffff::1/32', '2001:db8::/32'],
  ['::/0', 'any'],
  ['fd00::/8', 'fd00::/8'],
  ['128.0.0.1/1', '128.0.0.0/1'],
])('%s is kept as %s', (given, kept) => expect(normalAddress(given)).toBe(kept))

describe('what would change', () => {
  const state = (rules = '', rules6 = '', extra = 'ENABLED=yes\nLOGLEVEL=low') =>
    readUfw(
      new Reader(
        Buffer.from(
          `there\nchains\n=== ufw/ufw.conf\n${extra}\n=== default/ufw\nIPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\n` +
            `=== ufw/user.rules\n${rules}\n=== ufw/user6.rules\n${rules6}\n`,
        ),
      ),
    )
  const plan = (raw: unknown, given = state()) =>
    ufw.diff(ufw.args.parse(raw), given)?.data.map((w) => w.join(' '))
  const both = state(
    '### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment=61',
    '### tuple ### allow tcp 22 ::/0 any ::/0 in comment=61',
  )

  test('a rule that is there, in both families', () => {
    expect(plan({ rule: 'allow', port: 22, proto: 'tcp' }, both)).toBeUndefined()
    expect(plan({ rule: 'allow', port: '22', proto: 'tcp', comment: 'a' }, both)).toBeUndefined()
  })
  test('one that lacks IPv6 is not there', () =>
    expect(plan({ rule: 'allow', port: 22, proto: 'tcp' }, state(tuples))).toBeDefined())
  test('another comment or action changes it in place', () => {
    expect(plan({ rule: 'allow', port: 22, proto: 'tcp', comment: 'b c' }, both)).toEqual([
      'allow in proto tcp from any to any port 22 comment b c',
    ])
    expect(plan({ rule: 'deny', port: 22, proto: 'tcp' }, both)).toEqual([
      'deny in proto tcp from any to any port 22 comment a',
    ])
  })
  test('a network with host bits is the network', () =>
    expect(
      plan({ rule: 'allow', port: 6443, proto: 'tcp', from_ip: '10.0.0.9/24' }, state(tuples)),
    ).toBeUndefined())
  test('deleting', () => {
    expect(plan({ rule: 'allow', port: 22, proto: 'tcp', delete: true }, both)).toEqual([
      '--force delete allow in proto tcp from any to any port 22',
    ])
    expect(plan({ rule: 'allow', port: 23, proto: 'tcp', delete: true }, both)).toBeUndefined()
  })
  test('state, policy and logging', () => {
    expect(plan({ state: 'enabled', default: 'deny', logging: 'on' })).toBeUndefined()
    const off = state('', '', 'ENABLED=no\nLOGLEVEL=off')
    expect(
      plan(
        { state: 'enabled', default: 'allow', direction: 'out', logging: 'on', rule: 'allow', port: 22 },
        off,
      ),
    ).toEqual(['logging on', 'allow out from any to any port 22', '--force enable'])
    expect(plan({ state: 'reset' }, off)).toBeUndefined()
    expect(plan({ state: 'reset' })).toEqual(['--force reset'])
  })
  test('an insertion beyond the end goes to the end', () => {
    expect(plan({ rule: 'deny', from_ip: '10.9.0.0/16', insert: 1 }, both)?.[0]).toMatch(/^insert 1 deny/)
    expect(plan({ rule: 'deny', from_ip: '10.9.0.0/16', insert: 3 }, both)?.[0]).toMatch(/^deny/)
  })
  test('without ufw', () => {
    const none = readUfw(new Reader(Buffer.from('absent\n')))
    expect(ufw.diff(ufw.args.parse({ rule: 'allow', port: 22 }), none)?.requires).toEqual(['command:ufw'])
  })
  test.each([
    { rule: 'allow', port: '1:5' },
    { rule: 'allow', from_ip: '10.0.0.0/33' },
    {},
    { rule: 'allow', prot: 'tcp' },
  ])('refused: %j', (raw) => expect(ufw.args.safeParse(raw).success).toBe(false))
})
