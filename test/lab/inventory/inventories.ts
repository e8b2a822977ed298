interface Example {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  readonly sources: readonly string[]
  /** Holds what JavaScript has no word for (tuples, the order of numeric keys): `--graph` is compared without values. */
  readonly plainGraph?: true
}

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`

const program = (answer: object): string => `#!/bin/sh\ncat <<'EOF'\n${JSON.stringify(answer)}\nEOF\n`

/** Inventories of many shapes, each of which Ansible reads without an error. */
export const inventories: readonly Example[] = [
  {
    name: 'ini: groups, children, vars',
    files: {
      hosts: lines(
        'lone',
        '[a]',
        'a1 x=1 y=two',
        'a2:2222',
        '[b]',
        'b1',
        '[all_of:children]',
        'a',
        'b',
        '[all_of:vars]',
        'v=3',
      ),
    },
    sources: ['hosts'],
  },
  {
    name: 'ini: values',
    plainGraph: true,
    files: {
      hosts: lines(
        `h a=1 b=1.5 c=True d=true e=None f="[1, 'x']" g="{'k': {'n': 1}}" h='"1"' i=0644 j=0x10 k=1_0 l=a#b`,
        '[g]',
        'h',
        '[g:vars]',
        'aa = 1 # one',
        'bb = one # two',
        "cc = 'q' 'r'",
        'dd = 80,443',
        'ee =',
        'ff = a=b',
        'gg = ()',
        'hh = -5',
        'ii = {"a": [1, 2], "b": None}',
        'jj = [1, 2',
        'kk = yes',
        'll = "two words"',
      ),
    },
    sources: ['hosts'],
  },
  {
    name: 'ini: ranges',
    files: {
      hosts: lines(
        '[n]',
        'n[01:12]',
        'm[a:e].x',
        'k[0:10:5]',
        'j[1:2][a:b]',
        '[ip]',
        '10.0.0.[1:3]:2200 r=1',
      ),
    },
    sources: ['hosts'],
  },
  {
    name: 'ini: quoting and comments',
    files: {
      hosts: lines('# c', '; c', '[g] # why', 'h1 a="x y" b=\'p q\' # c', 'h2 a=x\\ y', '  h3   c="a\\"b"'),
    },
    sources: ['hosts'],
  },
  {
    name: 'ini: depth and priority',
    files: {
      hosts: lines(
        ...['[x]', 'h', '[y]', 'h', '[z:children]', 'x', '[x:vars]', 'v=x', 'w=x', '[y:vars]', 'v=y', 'w=y'],
        ...['ansible_group_priority=10', '[z:vars]', 'v=z', 'u=z'],
      ),
    },
    sources: ['hosts'],
  },
  {
    name: 'ini: all and ungrouped',
    files: {
      hosts: lines('h1', '[ungrouped]', 'h2', '[g]', 'h3', '[all:vars]', 'v=all', '[ungrouped:vars]', 'u=1'),
    },
    sources: ['hosts'],
  },
  {
    name: 'ini: children before they are declared',
    files: { hosts: lines('[top:children]', 'mid', '[mid:children]', 'leaf', '[leaf]', 'h1', 'h2') },
    sources: ['hosts'],
  },
  {
    name: 'ini: an ending of its own',
    files: { 'my.inv': lines('[g]', 'h1 ansible_host=192.0.2.1 ansible_user=root') },
    sources: ['my.inv'],
  },
  {
    name: 'yaml: a cluster',
    files: {
      'hosts.yml': lines(
        'k3s_cluster:',
        '  children:',
        '    server: {hosts: {10.0.0.11: , 10.0.0.12: {p: 1}}}',
        '    agent: {hosts: {"10.0.1.[1:3]": }, vars: {pool: gpu}}',
        '  vars: {ansible_user: debian, token: "{{ t }}", list: [1, two, null, true]}',
      ),
    },
    sources: ['hosts.yml'],
  },
  {
    name: 'yaml: all on top',
    files: {
      'h.yaml': lines(
        'all:',
        '  hosts: {a: , b: {v: 1}}',
        '  vars: {g: yes}',
        '  children: {c: {hosts: {b: }}}',
      ),
    },
    sources: ['h.yaml'],
  },
  {
    name: 'yaml: nested groups in several places',
    files: {
      'h.yaml': lines(
        ...['a: {children: {b: {children: {c: {hosts: {h1: }}}}}}', 'c: {vars: {v: c}, hosts: {h2: }}'],
        ...['b: {vars: {v: b, w: b}}', 'd: {children: {c: }, vars: {ansible_group_priority: 5, v: d}}'],
      ),
    },
    sources: ['h.yaml'],
  },
  {
    name: 'yaml: scalars',
    files: {
      'h.yaml': lines(
        'g:',
        '  hosts:',
        '    h: {a: 0644, b: 0x1F, c: off, d: ~, e: "1", f: 1e3, g: 1_000, i: y, j: ""}',
      ),
    },
    sources: ['h.yaml'],
  },
  {
    name: 'json',
    files: {
      'h.json': '{"g": {"hosts": {"h": {"v": [{"a": 1}]}}, "vars": {"80": 1}}}'.replace('"80"', '"o"'),
    },
    sources: ['h.json'],
  },
  {
    name: 'group_vars and host_vars',
    plainGraph: true,
    files: {
      hosts: lines('[web]', 'h1 v=inventory', 'h2', '[web:vars]', 'v=group', 'w=group'),
      'group_vars/all.yml': 'v: all\nw: all\nx: all\n',
      'group_vars/web.yaml': 'w: web\ny: {"443": 1, "80": 2}\n',
      'host_vars/h2.json': '{"v": "host"}',
      'host_vars/h1/a.yml': 'z: 1\nq: a\n',
      'host_vars/h1/b.yml': 'q: b\n',
    },
    sources: ['hosts'],
  },
  {
    name: 'a folder, with files that are passed over',
    files: {
      'inv/01-a': lines('[g]', 'h1 v=1'),
      'inv/02-b.yml': 'g: {hosts: {h1: {v: 2}, h2: }}\n',
      'inv/03-c.ini': lines('[never]', 'no1'),
      'inv/04.bak': lines('[never]', 'no2'),
      'inv/05.cfg': lines('[never]', 'no3'),
      'inv/.hidden': lines('[never]', 'no4'),
      'inv/README.md': 'no inventory\n',
      'inv/group_vars/g.yml': 'w: g\n',
    },
    sources: ['inv'],
  },
  {
    name: 'folders in a folder',
    files: {
      'inv/a/hosts': lines('[g]', 'h1'),
      'inv/b/hosts.yaml': 'g: {hosts: {h2: }}\n',
      'inv/group_vars/all': 'v: 1\n',
    },
    sources: ['inv'],
  },
  {
    name: 'several sources',
    files: {
      'a/hosts': lines('[g]', 'h1 v=a', '[g:vars]', 'w=a'),
      'a/group_vars/g.yml': 'x: a\n',
      'b/hosts.yml': 'g: {hosts: {h1: {v: b}, h3: }, vars: {w: b}}\n',
      'b/group_vars/g.yml': 'x: b\n',
    },
    sources: ['a/hosts', 'b/hosts.yml'],
  },
  { name: 'a list of hosts', files: { x: '' }, sources: ['h1,h2:2222,n1'] },
  { name: 'a list and a file', files: { hosts: lines('[g]', 'h1 v=1') }, sources: ['h1,h9', 'hosts'] },
  {
    name: 'a program with _meta',
    files: {
      'inv.sh': program({
        g: { hosts: ['h1', 'h2'], vars: { v: 1 }, children: ['k'] },
        k: ['h3'],
        _meta: { hostvars: { h1: { a: [1], b: null }, h9: { no: 1 } } },
      }),
    },
    sources: ['inv.sh'],
  },
  {
    name: 'a program without _meta',
    files: {
      'inv.sh': `#!/bin/sh\nif [ "$1" = --list ]; then echo '{"g": ["h1", "h2"]}'; else echo "{\\"n\\": \\"$2\\"}"; fi\n`,
    },
    sources: ['inv.sh'],
  },
  {
    name: 'a folder with a program',
    files: {
      'inv/10-hosts': lines('[g]', 'h1 v=1'),
      'inv/20-more': program({ g: { hosts: ['h5'], vars: { w: 2 } }, _meta: { hostvars: {} } }),
    },
    sources: ['inv'],
  },
  {
    name: 'names in two groups',
    files: {
      hosts: lines('[b]', 'h', '[a]', 'h', '[a:vars]', 'v=a', '[b:vars]', 'v=b', '[c:children]', 'a', 'b'),
    },
    sources: ['hosts'],
  },
]
