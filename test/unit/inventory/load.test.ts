import { describe, expect, it } from 'vitest'
import { load, loadText } from './support.js'

const cluster = `k3s_cluster:
  children:
    server: { hosts: { "10.0.0.[11:13]": } }
    agent:
      children:
        general: { hosts: { "10.0.0.[21:23]": } }
        gpu:
          hosts: { "10.0.0.[31:32]": }
          vars: { k3s_node_labels: { pool: gpu }, k3s_node_taints: ["gpu=true:NoSchedule"] }
  vars: { ansible_user: debian, ansible_become: true, k3s_version: v1.34.2+k3s1 }
`

describe('groups and hosts', () => {
  it("reads k3s-ansible's shape", () => {
    const { inventory, messages, value } = loadText(cluster)
    expect(messages).toEqual([])
    expect(inventory.hostsOf('server')).toEqual(['10.0.0.11', '10.0.0.12', '10.0.0.13'])
    expect(inventory.hostsOf('agent')).toHaveLength(5)
    expect(inventory.hostsOf('all')).toEqual(inventory.hostsOf('k3s_cluster'))
    expect(inventory.groupNames('10.0.0.31')).toEqual(['agent', 'gpu', 'k3s_cluster'])
    expect(value('10.0.0.31', 'k3s_node_labels')).toEqual({ pool: 'gpu' })
    expect(value('10.0.0.21', 'k3s_node_labels')).toBeUndefined()
    expect(value('10.0.0.21', 'ansible_become')).toBe(true)
  })

  it('always has all and ungrouped', () => {
    const { inventory } = loadText('all: {hosts: {a:, b: {x: 1}}}\ng: {hosts: {b:}}\n')
    expect([...inventory.groups.keys()]).toEqual(['all', 'ungrouped', 'g'])
    expect(inventory.groupNames('a')).toEqual(['ungrouped'])
    expect(inventory.groupNames('b')).toEqual(['g'])
    expect(inventory.groups.get('all')?.children).toEqual(new Set(['ungrouped', 'g']))
  })

  it('unites what stands in several places; the later value wins', () => {
    const text = 'a: {hosts: {h: {x: 1, y: 1}}}\nb: {hosts: {h: {x: 2}}, children: {a: {vars: {v: 1}}}}\n'
    const { value, hosts } = loadText(text)
    expect([value('h', 'x'), value('h', 'y'), value('h', 'v'), hosts]).toEqual([2, 1, 1, ['h']])
  })

  it('takes a bare string as one entry, and empty bodies', () => {
    const { inventory, messages } = loadText(
      'a: {hosts: h, children: b}\nb:\nc: {hosts: , vars: , children: }\n',
    )
    expect(messages).toEqual([])
    expect(inventory.hostsOf('a')).toEqual(['h'])
    expect(inventory.groups.get('b')?.parents).toEqual(new Set(['a']))
  })

  it('takes the port out of a key', () => {
    const { value } = loadText('a: {hosts: {"h:2222": , "i:22": {ansible_port: 23}}}\n')
    expect([value('h', 'ansible_port'), value('i', 'ansible_port')]).toEqual([2222, 23])
  })
})

describe('mistakes', () => {
  it.each([
    ['- a\n', '1:1 an inventory must be a mapping, not a list'],
    ['a: {hosts: [h]}\n', '1:12 hosts of a must be a mapping, not a list'],
    ['a: {host: {h:}}\n', '1:5 the group a has no key "host"'],
    ['a: text\n', '1:4 the group a must be a mapping, not text'],
    ['a: {hosts: {h: 1}}\n', '1:16 the host h must be a mapping, not a number'],
    ['a: {hosts: {1: }}\n', '1:13 the host 1 is a number'],
    ['a: {hosts: {"h:22abc": }}\n', '1:13 "22abc" is no port (1 to 65535)'],
    ['a: {hosts: {"h:70000": }}\n', '1:13 "70000" is no port (1 to 65535)'],
    ['a: {hosts: {"n[1:": }}\n', '1:13 [ without ]'],
    ['a: {hosts: {"n[3:1]": }}\n', '~1:13 n[3:1] stands for no host'],
    ['a: {hosts: {two words: }}\n', '1:13 "two words" has a character no name can have'],
    ['../evil: {hosts: {h: }}\n', '1:1 "../evil" has a character no name can have'],
    ['a-b: {hosts: {h: }}\n', '~1:1 the group name a-b is no name in JavaScript'],
    ['a: {hosts: {a: }}\n', '~1:1 a is a host and a group'],
    ['a: {vars: {ansible_group_priority: high}}\n', '1:36 ansible_group_priority must be a whole number'],
    ['a: {vars: {groups: 1}}\n', '~1:12 the variable groups is never seen'],
    ['a: {vars: {x: "{{ y | lowr }}"}}\n', '1:23 there is no filter lowr'],
    ['a: {hosts: {h: , h: }}\n', '1:18 the key "h" stands twice in one mapping'],
    [
      'a: {children: {b: {children: {c: {children: {a: }}}}}}\n',
      '1:1 groups are below themselves: a → b → c → a',
    ],
    ['a: {children: {a: }}\n', '1:1 groups are below themselves: a → a'],
    ['a: {children: {all: }}\n', /^1:16 groups are below themselves: all → a → all$/],
    ['', 'the inventory hosts.yaml is empty'],
    ['[server]\nh1 port\n', '2:4 port is no key=value'],
  ])('%j', (text, message) => {
    const { messages } = loadText(text)
    expect(messages).toHaveLength(1)
    expect(messages[0]).toEqual(message instanceof RegExp ? expect.stringMatching(message) : message)
  })

  it('are told all at once', () => {
    expect(loadText('a: {host: x, hosts: {1: , "n[1:": }}\nb: 3\n').messages).toHaveLength(4)
  })

  it('a missing source is one', () => {
    const { found } = load({}, ['none.yaml'])
    expect(found).toMatchObject([{ code: 'missing-file', message: 'there is no inventory none.yaml' }])
    expect(found[0]?.severity).toBeUndefined()
  })
})

describe('sources', () => {
  it('are united in order; the later one wins', () => {
    const files = {
      'a/x.yaml': 'g: {hosts: {h: {v: 1}}, vars: {w: 1}}',
      'b/y.yaml': 'g: {hosts: {h: {v: 2}, i: }, vars: {w: 2}}',
    }
    const { hosts, value } = load(files, ['a/x.yaml', 'b/y.yaml'])
    expect([hosts, value('h', 'v'), value('h', 'w')]).toEqual([['h', 'i'], 2, 2])
  })

  it('may be lists of hosts', () => {
    const { inventory, messages, value } = load({}, ['n[1:2],h:2222,'])
    expect(messages).toEqual([])
    expect(inventory.hostsOf('ungrouped')).toEqual(['n1', 'n2', 'h'])
    expect(value('h', 'ansible_port')).toBe(2222)
    expect(load({}, ['h:x,']).messages).toEqual(['-i h:x,: "x" is no port (1 to 65535)'])
  })

  it('may be folders, their group_vars left out, and JSON', () => {
    const files = {
      'inv/01.json': '{"g": {"hosts": {"h": {"v": 1}, "7": {}}}}',
      'inv/02.yaml': 'g: {hosts: {h: {v: 2}}}',
      'inv/notes.md': '# no inventory',
      'inv/group_vars/g.yml': 'w: 3',
    }
    const { hosts, value, messages } = load(files, ['inv'])
    expect([messages, hosts, value('h', 'v'), value('h', 'w')]).toEqual([[], ['h', '7'], 2, 3])
  })
})

describe('precedence', () => {
  it('merges groups by depth, priority, name', () => {
    const text = [
      'parent: {children: {b: , a: , c: }, vars: {v: parent, ansible_group_priority: 100}}',
      'a: {hosts: {h: , i: }, vars: {v: a}}',
      'b: {hosts: {h: }, vars: {v: b}}',
      'c: {hosts: {i: }, vars: {v: c, ansible_group_priority: -1}}',
    ].join('\n')
    const { value } = loadText(text)
    expect([value('h', 'v'), value('i', 'v'), value('h', 'ansible_group_priority')]).toEqual([
      'b',
      'a',
      undefined,
    ])
  })

  it('orders files beside the inventory and the playbook as Ansible does', () => {
    const base = { 'inv/hosts.yaml': 'g: {hosts: {h: }, vars: {v: file-group}}\n' }
    const steps: [string, string, unknown][] = [
      ['inv/group_vars/all.yml', 'v: inv-all', 'inv-all'],
      ['play/group_vars/all/x.yml', 'v: play-all', 'play-all'],
      ['inv/group_vars/g', 'v: inv-g', 'inv-g'],
      ['play/group_vars/g.json', '{"v": "play-g"}', 'play-g'],
      ['inv/hosts.yaml', 'g: {hosts: {h: {v: file-host}}}', 'file-host'],
      ['inv/host_vars/h.yaml', 'v: inv-h', 'inv-h'],
      ['play/host_vars/h.yml', 'v: play-h', 'play-h'],
    ]
    const files: Record<string, string> = { ...base }
    expect(load(files, ['inv/hosts.yaml'], 'play').value('h', 'v')).toBe('file-group')
    for (const [path, text, wanted] of steps) {
      files[path] = text
      expect(load(files, ['inv/hosts.yaml'], 'play').value('h', 'v')).toBe(wanted)
    }
  })

  it('reads folders of variables in name order, recursively, without hidden and backup files', () => {
    const files = {
      'hosts.yaml': 'g: {hosts: {h: }}',
      'group_vars/g/1.yml': 'v: 1\nw: 1',
      'group_vars/g/2/x.yaml': 'v: 2',
      'group_vars/g/3.yml~': 'v: 3',
      'group_vars/g/.4.yml': 'v: 4',
      'group_vars/g/5.txt': 'v: 5',
    }
    const { value, messages } = load(files, ['hosts.yaml'])
    expect([messages, value('h', 'v'), value('h', 'w')]).toEqual([[], 2, 1])
  })

  it('warns of a file that would never be read', () => {
    const files = {
      'hosts.yaml': 'g: {hosts: {h: }}',
      'group_vars/g.yml': 'v: 1',
      'group_vars/g.yaml': 'v: 2',
    }
    const { value, messages } = load(files, ['hosts.yaml'])
    expect(value('h', 'v')).toBe(1)
    expect(messages).toEqual(['~group_vars/g.yaml is not read, because group_vars/g.yml is there'])
  })

  it('explains where a variable comes from', () => {
    const files = { 'hosts.yaml': 'g: {hosts: {h: }, vars: {v: 1}}', 'group_vars/all.yml': 'v: 2' }
    const found = load(files, ['hosts.yaml']).vars('h').explain('v')
    expect(found?.winner.origin).toMatchObject({
      layer: 'inventory-group-vars-all',
      note: 'group_vars/all.yml',
    })
    expect(found?.hidden[0]?.origin).toMatchObject({ layer: 'inventory-group-vars', note: 'g' })
  })
})

describe('values', () => {
  it('may be templates, evaluated for each host', () => {
    const text =
      'g: {hosts: {"n[1:2]": }, vars: {url: "https://<%= vip %>:6443", vip: "<%= vars.own ?? 1 %>"}}\n'
    expect(loadText(text).value('n1', 'url')).toBe('https://1:6443')
  })

  it('localhost is local where no inventory names it', () => {
    const { value } = load({ 'hosts.yaml': 'all: {vars: {v: 1}}', 'host_vars/localhost.yml': 'w: 2' }, [
      'hosts.yaml',
    ])
    expect(['ansible_connection', 'v', 'w'].map((name) => value('localhost', name))).toEqual(['local', 1, 2])
  })
})

it('loads 5,000 hosts', () => {
  const hosts = Array.from(
    { length: 5000 },
    (_, n) => `    h${n}:\n      ansible_host: 10.0.${n >> 8}.${n & 255}\n`,
  )
  const { inventory } = loadText(`g:\n  hosts:\n${hosts.join('')}`)
  for (const host of inventory.hosts.keys()) inventory.layersFor(host)
  expect(inventory.hostsOf('all')).toHaveLength(5000)
}, 30_000)
