import { describe, expect, test } from 'vitest'
import { readNftables } from '../../../runner/modules/nftables/state.js'
import { type NftRule, readTable, renderTable, withRule } from '../../../runner/modules/nftables/table.js'
import { nftables } from '../../../runner/modules/nftables.js'

const dest = '/etc/nftables.d/tsplay.nft'
const rules: NftRule[] = [
  { chain: 'input', rule: 'tcp dport { 80, 443 } accept', comment: 'web' },
  { chain: 'forward', rule: 'iifname "eth0" drop', comment: 'no way' },
  { chain: 'input', rule: 'tcp dport 22 accept', comment: 'ssh é' },
]
const chain = (name: string) => rules.filter((rule) => rule.chain === name)

test('what is written is read again', () => {
  expect(readTable(renderTable('tsplay', -10, rules))).toEqual([...chain('input'), ...chain('forward')])
})

test('what nft 1.0.6 prints', () => {
  const text = [
    'table inet tsplay {',
    '\tchain input {',
    '\t\ttype filter hook input priority -10; policy accept;',
    '\t\ttcp dport { 80, 443 } accept comment "web" # handle 4',
    '\t\tip saddr 10.0.0.0/8 drop',
    '\t\tcounter packets 5 bytes 300 accept comment "x"',
    '\t}',
    '}',
  ].join('\n')
  expect(readTable(text).map(({ comment }) => comment)).toEqual(['web', 'x'])
})

test('a rule keeps its place, and has one only', () => {
  expect(withRule(rules, { ...rules[0]!, rule: 'x' }).map(({ comment }) => comment)).toEqual([
    'web',
    'no way',
    'ssh é',
  ])
  expect(withRule(rules, { ...rules[0]!, chain: 'output' }).map(({ comment }) => comment)).toEqual([
    'no way',
    'ssh é',
    'web',
  ])
  expect(withRule([], rules[0]!)).toEqual([rules[0]])
})

describe('what the host tells', () => {
  const told = (...lines: string[]) => readNftables(`${lines.join('\n')}\n`, dest)

  test('nothing of ours yet', () => {
    expect(told('there', 'conf /etc/nftables.conf', 'service inactive')).toMatchObject({
      conf: '/etc/nftables.conf',
      included: false,
      loaded: undefined,
      file: undefined,
      service: 'inactive',
    })
  })

  test('an include of the folder, a file and the kernel', () => {
    const file = renderTable('tsplay', -10, rules)
    const state = told(
      'there',
      'conf /etc/nftables.nft',
      'include "/etc/nftables.d/*.nft"',
      '== kernel',
      file,
      '== file',
      file,
    )
    expect(state.included).toBe(true)
    expect(state.loaded).toEqual(['forward no way', 'input web', 'input ssh é'])
    expect(state.kept).toHaveLength(3)
  })
})

test.each([
  { comment: 'a', rule: 'accept; drop' },
  { comment: 'a', rule: 'accept } chain x {' },
  { comment: 'a', rule: 'accept # ' },
  { comment: 'a', rule: 'accept\nflush ruleset' },
  { comment: 'a', rule: 'accept comment "b"' },
  { comment: 'a', rule: 'iifname "eth0 accept' },
  { comment: 'a"', rule: 'accept' },
  { comment: 'é'.repeat(70), rule: 'accept' },
  { comment: 'a' },
  { comment: 'a', rule: 'accept', dest: '/etc/x.conf' },
  { comment: 'a', rule: 'accept', table: 'a b' },
])('refused: %j', (raw) => expect(nftables.args.safeParse(raw).success).toBe(false))
