import type { Ran } from '../../support/playbook.js'

/** What shows that the engine honours a keyword: a run that would end otherwise if the keyword were ignored. */
export interface Effect {
  readonly playbook: string
  readonly hosts?: number
  readonly args?: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  readonly answers?: readonly string[]
  readonly interruptAt?: string
  /** Something of the run, and what it must be. */
  readonly seen: (ran: Ran) => unknown
  readonly want: unknown
}

const head = '- hosts: web\n  gather_facts: false\n'
const play = (rest: string) =>
  `- hosts: web\n${rest.includes('gather_facts') ? '' : '  gather_facts: false\n'}${rest}`
const tasks = (...lines: readonly string[]) =>
  `${head}  tasks:\n${lines.map((line) => `    - ${line}\n`).join('')}`

const messages = (ran: Ran) => ran.messages
const statuses = (ran: Ran) => ran.trace.map((line) => line.replace(/^.* (\w+: \w+)$/, '$1'))
const exit = (ran: Ran) => ran.exitCode
const items = (ran: Ran) =>
  ran.events.flatMap((event) => (event.type === 'host_finished' ? event.result.items : []))
const shows = (...want: readonly string[]) => ({ seen: messages, want })
const fails = 'command: "false"'
const changes = 'command: "true"'
const say = (text: string) => `debug: { msg: "${text}" }`

/** Waits for the job that is registered as `r`, and leaves nothing of it on this machine. */
const forgetsJob = [
  '{ async_status: { jid: <%= r.ansible_job_id %> }, register: s, until: s.finished, delay: 0.05, retries: 100 }',
  '{ async_status: { jid: <%= r.ansible_job_id %>, mode: cleanup } }',
]

/** Of tasks, and of what is around them. */
const ofTasks: Readonly<Record<string, Effect>> = {
  action: { playbook: tasks('action: debug msg=a'), ...shows('h1: a') },
  any_errors_fatal: {
    playbook: tasks(`{ ${fails}, any_errors_fatal: true, when: inventory_hostname === 'h1' }`, say('a')),
    hosts: 2,
    ...shows(),
  },
  args: { playbook: tasks('{ debug: , args: { msg: a } }'), ...shows('h1: a') },
  async: {
    playbook: tasks(
      '{ command: sleep 0.01, async: 5, poll: 0, register: r }',
      say('<%= r.ansible_job_id !== undefined %>'),
      ...forgetsJob,
    ),
    ...shows('h1: true'),
  },
  become: {
    playbook: tasks('{ command: id, become: true, become_user: no-such-user }'),
    seen: exit,
    want: 4,
  },
  changed_when: { playbook: tasks(`{ ${changes}, changed_when: false }`), seen: statuses, want: ['h1: ok'] },
  check_mode: {
    playbook: tasks(
      '{ copy: { content: a, dest: <%= playbook_dir %>/x }, check_mode: true }',
      'stat: { path: <%= playbook_dir %>/x }\n      register: r',
      say('<%= r.stat.exists %>'),
    ),
    ...shows('h1: false'),
  },
  connection: {
    playbook: tasks('{ command: id, connection: local }'),
    files: { 'inventory.yaml': 'web: { hosts: { h1: { ansible_host: 127.0.0.1, ansible_port: 1 } } }' },
    seen: exit,
    want: 0,
  },
  delay: {
    playbook: tasks(`{ ${changes}, until: false, retries: 1, delay: 60 }`),
    interruptAt: '"retrying"',
    seen: (ran) => ran.events.flatMap((event) => (event.type === 'retrying' ? [event.delayMs] : [])),
    want: [60_000],
  },
  delegate_facts: {
    playbook: tasks(
      `{ set_fact: { x: a }, delegate_to: h2, delegate_facts: true, when: inventory_hostname === 'h1' }`,
      say("<%= vars.x ?? 'none' %>"),
    ),
    hosts: 2,
    ...shows('h1: none', 'h2: a'),
  },
  delegate_to: {
    playbook: tasks(`{ ${changes}, delegate_to: localhost }`),
    seen: (ran) =>
      ran.events.flatMap((event) => (event.type === 'host_finished' ? [event.result.delegate] : [])),
    want: ['localhost'],
  },
  diff: {
    playbook: tasks('{ copy: { content: a, dest: <%= playbook_dir %>/x }, diff: true }'),
    seen: (ran) => items(ran)[0]?.differences.length,
    want: 1,
  },
  environment: {
    playbook: tasks('{ command: printenv X, environment: { X: a }, register: r }', say('<%= r.stdout %>')),
    ...shows('h1: a'),
  },
  failed_when: { playbook: tasks(`{ ${changes}, failed_when: true }`), seen: exit, want: 2 },
  ignore_errors: { playbook: tasks(`{ ${fails}, ignore_errors: true }`), seen: exit, want: 0 },
  ignore_unreachable: {
    playbook: tasks('{ command: id, ignore_unreachable: true }', '{ debug: { msg: a } }'),
    files: { 'inventory.yaml': 'web: { hosts: { h1: { ansible_host: 127.0.0.1, ansible_port: 1 } } }' },
    ...shows('h1: a'),
  },
  listen: {
    playbook: `${tasks(`{ ${changes}, notify: topic }`)}  handlers: [{ ${say('a')}, listen: topic }]\n`,
    ...shows('h1: a'),
  },
  local_action: {
    playbook: tasks('local_action: command true'),
    seen: (ran) =>
      ran.events.flatMap((event) => (event.type === 'host_finished' ? [event.result.delegate] : [])),
    want: ['localhost'],
  },
  loop: { playbook: tasks(`{ ${say('<%= item %>')}, loop: [1, 2] }`), ...shows('h1: 1', 'h1: 2') },
  loop_control: {
    playbook: tasks(`{ ${say('<%= x %>')}, loop: [1], loop_control: { loop_var: x } }`),
    ...shows('h1: 1'),
  },
  module_defaults: {
    playbook: tasks('{ debug: , module_defaults: { debug: { msg: a } } }'),
    ...shows('h1: a'),
  },
  name: {
    playbook: tasks(`{ name: x <%= 1 + 1 %>, ${say('a')} }`),
    seen: (ran) => ran.trace,
    want: ['x 2 h1: ok'],
  },
  no_log: {
    playbook: tasks('{ command: echo hush-hush, no_log: true }'),
    seen: (ran) => ran.stdout.includes('hush-hush'),
    want: false,
  },
  notify: {
    playbook: `${tasks(`{ ${changes}, notify: h }`)}  handlers: [{ name: h, ${say('a')} }]\n`,
    ...shows('h1: a'),
  },
  poll: {
    playbook: tasks(
      '{ command: sleep 0.01, async: 5, poll: 0, register: r }',
      say('<%= r.finished %>'),
      ...forgetsJob,
    ),
    ...shows('h1: false'),
  },
  register: {
    playbook: tasks('{ command: echo a, register: r }', say('<%= r.stdout %>')),
    ...shows('h1: a'),
  },
  retries: {
    playbook: tasks(`{ ${changes}, until: false, retries: 2, delay: 0 }`),
    seen: (ran) => ran.events.filter((event) => event.type === 'retrying').length,
    want: 2,
  },
  run_once: {
    playbook: tasks(`{ ${changes}, run_once: true }`),
    hosts: 2,
    seen: statuses,
    want: ['h1: changed'],
  },
  tags: { playbook: tasks(`{ ${say('a')}, tags: t }`, say('b')), args: ['--tags', 't'], ...shows('h1: a') },
  throttle: {
    playbook: tasks(
      '{ shell: "echo a >> <%= playbook_dir %>/f; sleep 0.05; echo b >> <%= playbook_dir %>/f", throttle: 1 }',
      '{ command: cat <%= playbook_dir %>/f, register: r, run_once: true }',
      `{ ${say("<%= r.stdout_lines.join('') %>")}, run_once: true }`,
    ),
    hosts: 2,
    ...shows('h1: abab'),
  },
  timeout: { playbook: tasks('{ command: sleep 2, timeout: 0.2 }'), seen: exit, want: 2 },
  until: {
    playbook: tasks(`{ ${changes}, until: false, retries: 1, delay: 0 }`),
    seen: exit,
    want: 2,
  },
  vars: { playbook: tasks(`{ ${say('<%= x %>')}, vars: { x: a } }`), ...shows('h1: a') },
  when: { playbook: tasks(`{ ${say('a')}, when: false }`), ...shows() },
  with_dict: {
    playbook: tasks(`{ ${say('<%= item.key + item.value %>')}, with_dict: { a: 1 } }`),
    ...shows('h1: a1'),
  },
  with_fileglob: {
    playbook: tasks(`{ ${say('<%= basename(item) %>')}, with_fileglob: ["*.x"] }`),
    files: { 'files/a.x': '' },
    ...shows('h1: a.x'),
  },
  with_first_found: {
    playbook: tasks(`{ ${say('<%= basename(item) %>')}, with_first_found: [none, b] }`),
    files: { 'files/b': '' },
    ...shows('h1: b'),
  },
  with_indexed_items: {
    playbook: tasks(`{ ${say("<%= item.join('') %>")}, with_indexed_items: [a] }`),
    ...shows('h1: 0a'),
  },
  with_items: {
    playbook: tasks(`{ ${say('<%= item %>')}, with_items: [[1], 2] }`),
    ...shows('h1: 1', 'h1: 2'),
  },
  with_list: { playbook: tasks(`{ ${say('<%= item.length %>')}, with_list: [[1]] }`), ...shows('h1: 1') },
  with_nested: {
    playbook: tasks(`{ ${say("<%= item.join('') %>")}, with_nested: [[a], [b]] }`),
    ...shows('h1: ab'),
  },
  with_sequence: {
    playbook: tasks(`{ ${say('<%= item %>')}, with_sequence: count=2 }`),
    ...shows('h1: 1', 'h1: 2'),
  },
  with_subelements: {
    playbook: tasks(`{ ${say('<%= item[1] %>')}, with_subelements: [[{ s: [a] }], s] }`),
    ...shows('h1: a'),
  },
  with_together: {
    playbook: tasks(`{ ${say("<%= item.join('') %>")}, with_together: [[a], [b]] }`),
    ...shows('h1: ab'),
  },
}

/** Of loops. */
const ofLoops: Readonly<Record<string, Effect>> = {
  break_when: {
    playbook: tasks(`{ ${say('<%= item %>')}, loop: [1, 2, 3], loop_control: { break_when: item === 2 } }`),
    ...shows('h1: 1', 'h1: 2'),
  },
  extended: {
    playbook: tasks(`{ ${say('<%= ansible_loop.last %>')}, loop: [1], loop_control: { extended: true } }`),
    ...shows('h1: true'),
  },
  extended_allitems: {
    playbook: tasks(
      `{ ${say("<%= 'allitems' in ansible_loop %>")}, loop: [1], loop_control: { extended: true, extended_allitems: false } }`,
    ),
    ...shows('h1: false'),
  },
  index_var: {
    playbook: tasks(`{ ${say('<%= i %>')}, loop: [a, b], loop_control: { index_var: i } }`),
    ...shows('h1: 0', 'h1: 1'),
  },
  label: {
    playbook: tasks(`{ ${say('a')}, loop: [1], loop_control: { label: x<%= item %> } }`),
    seen: (ran) => items(ran).map((item) => item.label),
    want: ['x1'],
  },
  loop_var: {
    playbook: tasks(`{ ${say('<%= x %>')}, loop: [1], loop_control: { loop_var: x } }`),
    ...shows('h1: 1'),
  },
  pause: {
    playbook: tasks(`{ ${say('a')}, loop: [1, 2], loop_control: { pause: 0.2 } }`),
    seen: (ran) =>
      ran.events.flatMap((e) => (e.type === 'host_finished' ? [e.result.durationMs >= 190] : [])),
    want: [true],
  },
}

/** Of plays alone, of blocks and of what brings others in. */
const ofPlays: Readonly<Record<string, Effect>> = {
  always: { playbook: tasks(`{ block: [{ ${fails} }], always: [{ ${say('a')} }] }`), ...shows('h1: a') },
  block: { playbook: tasks(`{ block: [{ ${say('a')} }] }`), ...shows('h1: a') },
  fact_path: {
    playbook: play(
      `  gather_facts: true\n  fact_path: <%= playbook_dir %>\n  tasks: [{ ${say("<%= facts.local?.own ?? 'none' %>")} }]\n`,
    ),
    files: { 'own.fact': '"a"' },
    ...shows('h1: a'),
  },
  force_handlers: {
    playbook: play(
      `  force_handlers: true\n  tasks: [{ ${changes}, notify: h }, { ${fails} }]\n  handlers: [{ name: h, ${say('a')} }]\n`,
    ),
    ...shows('h1: a'),
  },
  gather_facts: {
    playbook: '- hosts: web\n- { hosts: web, gather_facts: true }\n',
    seen: statuses,
    want: ['h1: ok', 'h1: ok'],
  },
  gather_subset: {
    playbook: play(
      `  gather_facts: true\n  gather_subset: ["!all", "!min"]\n  tasks: [{ ${say('<%= facts.network === undefined %>')} }]\n`,
    ),
    ...shows('h1: true'),
  },
  gather_timeout: {
    playbook: play('  gather_facts: true\n  gather_timeout: 0.001\n  tasks: []\n'),
    seen: exit,
    want: 2,
  },
  handlers: {
    playbook: play(`  tasks: [{ ${changes}, notify: h }]\n  handlers: [{ name: h, ${say('a')} }]\n`),
    ...shows('h1: a'),
  },
  hosts: {
    playbook: `- hosts: h2\n  gather_facts: false\n  tasks: [{ ${say('a')} }]\n`,
    hosts: 2,
    ...shows('h2: a'),
  },
  import_playbook: {
    playbook: '- import_playbook: other.yaml\n',
    files: { 'other.yaml': tasks(say('a')) },
    ...shows('h1: a'),
  },
  max_fail_percentage: {
    playbook: play(
      `  max_fail_percentage: 10\n  tasks: [{ ${fails}, when: inventory_hostname === 'h1' }, { ${say('a')} }]\n`,
    ),
    hosts: 2,
    ...shows(),
  },
  order: {
    playbook: play(`  order: reverse_inventory\n  tasks: [{ ${changes}, run_once: true }]\n`),
    hosts: 2,
    seen: statuses,
    want: ['h2: changed'],
  },
  post_tasks: {
    playbook: play(`  post_tasks: [{ ${say('b')} }]\n  tasks: [{ ${say('a')} }]\n`),
    ...shows('h1: a', 'h1: b'),
  },
  pre_tasks: {
    playbook: play(`  tasks: [{ ${say('b')} }]\n  pre_tasks: [{ ${say('a')} }]\n`),
    ...shows('h1: a', 'h1: b'),
  },
  rescue: { playbook: tasks(`{ block: [{ ${fails} }], rescue: [{ ${say('a')} }] }`), ...shows('h1: a') },
  role: {
    playbook: play('  roles: [{ role: r }]\n'),
    files: { 'roles/r/tasks/main.yaml': `- ${say('a')}\n` },
    ...shows('h1: a'),
  },
  roles: {
    playbook: play('  roles: [r]\n'),
    files: { 'roles/r/tasks/main.yaml': `- ${say('a')}\n` },
    ...shows('h1: a'),
  },
  serial: {
    playbook: play(`  serial: 1\n  tasks: [{ ${say('a')} }, { ${say('b')} }]\n`),
    hosts: 2,
    ...shows('h1: a', 'h1: b', 'h2: a', 'h2: b'),
  },
  strategy: {
    playbook: play(
      `  strategy: free\n  tasks: [{ command: sleep 0.3, when: inventory_hostname === 'h1' }, { ${say('a')} }]\n`,
    ),
    hosts: 2,
    seen: (ran) => ran.trace.indexOf('debug h2: ok') < ran.trace.indexOf('command h1: changed'),
    want: true,
  },
  tasks: { playbook: tasks(say('a')), ...shows('h1: a') },
  vars_files: {
    playbook: play(`  vars_files: [v.yaml]\n  tasks: [{ ${say('<%= x %>')} }]\n`),
    files: { 'v.yaml': 'x: a\n' },
    ...shows('h1: a'),
  },
  vars_prompt: {
    playbook: play(`  vars_prompt: [{ name: x, private: false }]\n  tasks: [{ ${say('<%= x %>')} }]\n`),
    answers: ['a'],
    ...shows('h1: a'),
  },
}

export const effects: Readonly<Record<string, Effect>> = { ...ofTasks, ...ofLoops, ...ofPlays }
