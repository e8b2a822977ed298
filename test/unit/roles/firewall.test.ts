import { describe, expect, it } from 'vitest'
import { onEach } from './variables.js'

const comment = 'tsplay k3s'
const elsewhere = { inside: '10.0.0.12', outside: '192.0.2.12' }

/** What the tasks of each kind of firewall have read: node b, a person who may reach the API, and the pods. */
const standing = {
  ufw: {
    firewall_now: {
      rules: [
        { from: elsewhere.outside, port: '2379:2380,6443,10250', proto: 'tcp', comment },
        { from: elsewhere.inside, port: '2379:2380,6443,10250', proto: 'tcp', comment },
        { from: elsewhere.inside, port: '8472', proto: 'udp', comment },
        { from: '203.0.113.7', port: '6443', proto: 'tcp', comment },
        { from: '198.51.100.9', port: '10250', proto: 'tcp', comment: 'of others' },
        { from: '10.42.0.0/16', port: 'any', proto: 'any', comment },
      ],
    },
  },
  firewalld: {
    firewall_policies: {
      stdout: [
        'tsplay-k3s (active)',
        '  rich rules: ',
        ...[elsewhere.outside, elsewhere.inside].flatMap((from) =>
          ['2379-2380', '6443', '10250'].map(
            (port) =>
              `\trule family="ipv4" source address="${from}" port port="${port}" protocol="tcp" accept`,
          ),
        ),
        '\trule family="ipv4" source address="203.0.113.7" port port="6443" protocol="tcp" accept',
        '\trule family="ipv4" source address="10.42.0.0/16" accept',
        'of-others (active)',
        '\trule family="ipv4" source address="198.51.100.9" port port="10250" protocol="tcp" accept',
      ].join('\n'),
    },
  },
  nftables: {
    firewall_nft_now: {
      rules: [
        { comment: `${comment} lo`, rule: 'iifname "lo" accept' },
        ...[
          ['2379-2380', `${elsewhere.outside}, ${elsewhere.inside}, 10.42.0.0/16`],
          ['6443', `${elsewhere.outside}, ${elsewhere.inside}, 203.0.113.7, 10.42.0.0/16`],
          ['10250', `${elsewhere.outside}, ${elsewhere.inside}, 10.42.0.0/16`],
        ].map(([port, from]) => ({
          comment: `${comment} ${port}`,
          rule: `ip saddr != { ${from} } tcp dport { ${port} } drop`,
        })),
      ],
    },
  },
}

/** Whom server a lets in, by port, in a run that does not see server b. */
function letIn(vars: Record<string, unknown>): Record<string, string[]> {
  const run = { groups: { server: ['a', 'b', 'c'] }, ansible_play_hosts: ['a', 'c'] }
  const facts = (address: string) => ({ hostname: 'h', network: { default_ipv4: { address } } })
  const node = (host: string, inside: string, own = {}) => ({
    vars: { ansible_host: host, ...own },
    magic: { ...run, facts: facts(inside) },
  })
  const hosts = {
    a: node('192.0.2.11', '10.0.0.11', vars),
    b: { vars: { ansible_host: elsewhere.outside }, magic: { ...run, facts: {} } },
    c: node('192.0.2.13', '10.0.0.13'),
  }
  return byPort(onEach(['k3s_cluster', 'firewall'], hosts, 'firewall_table').a)
}
const byPort = (table: unknown) =>
  Object.fromEntries(
    (table as { ports: string[]; from: string[] }[]).map(({ ports, from }) => [
      ports[0]!,
      [...new Set(from)].sort(),
    ]),
  )
const seen = ['10.0.0.13', '192.0.2.13']
const nodes = [...seen, elsewhere.outside].sort()
const all = [...nodes, elsewhere.inside].sort()

describe.each(Object.entries(standing))('with %s, a node that this run does not see', (_, read) => {
  it('stays let in by the address that its facts told another run', () => {
    expect(letIn(read)).toEqual({ '2379-2380/tcp': all, '6443/tcp': all, '10250/tcp': all })
  })

  it('is shut out where a playbook says that it has gone', () => {
    const gone = letIn({ ...read, firewall_gone: [elsewhere.inside] })
    expect(gone).toEqual({ '2379-2380/tcp': nodes, '6443/tcp': nodes, '10250/tcp': nodes })
  })

  it('is let in as told where a playbook has asked every node', () => {
    expect(letIn({ ...read, firewall_seen: ['a', 'b', 'c'] })).toMatchObject({ '10250/tcp': nodes })
  })
})

describe('the addresses of a node', () => {
  const network = { default_ipv4: { address: '10.0.0.12' }, default_ipv6: { address: '2001:db8::12' } }
  const from = (vars: Record<string, unknown>, all: Record<string, unknown> = {}) => {
    const magic = { groups: { server: ['a', 'b'] }, ansible_play_hosts: ['a', 'b'] }
    const hosts = {
      a: { vars: all, magic: { ...magic, facts: { hostname: 'a' } } },
      b: {
        vars: { ansible_host: '192.0.2.12', ...all, ...vars },
        magic: { ...magic, facts: { hostname: 'b', network } },
      },
    }
    return byPort(onEach(['k3s_cluster', 'firewall'], hosts, 'firewall_table').a)['10250/tcp']
  }
  const dual = { server_config_yaml: { 'cluster-cidr': '10.42.0.0/16,2001:db8:42::/56' } }

  it.each<[string, Record<string, unknown>, Record<string, unknown>, string[]]>([
    ['that of the inventory and that of its facts', {}, {}, ['10.0.0.12', '192.0.2.12']],
    ['in a cluster of both families, both', {}, dual, ['10.0.0.12', '192.0.2.12', '2001:db8::12']],
    ['what k3s_node_ip says alone', { k3s_node_ip: '10.9.0.2,fd00::2' }, {}, ['10.9.0.2', 'fd00::2']],
    ['what node-ip says alone', { extra_server_args: '--node-ip 10.9.0.2' }, {}, ['10.9.0.2']],
    [
      'and its address outside',
      { k3s_node_ip: '10.9.0.2', server_config_yaml: { 'node-external-ip': '203.0.113.2' } },
      {},
      ['10.9.0.2', '203.0.113.2'],
    ],
  ])('are %s', (_, vars, all, expected) => {
    expect(from(vars, all)).toEqual(expected)
  })
})
