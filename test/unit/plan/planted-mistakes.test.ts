import { rmSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { copyShipped, type Mistake, runPlanted } from './planted.js'

const tasks = 'roles/k3s_binary/tasks/main.yaml'
const playbook = 'playbooks/rootless.yaml'
const ha = 'inventories/ha.yaml'

/** More at the end of a file. */
const more = (text: string) => (old: string) => `${old}\n${text}\n`
/** A task at the end of a role, and its mistake. */
const task = (what: string, lines: string, at: string, says: RegExp): Mistake => ({
  what,
  files: { [tasks]: more(`- name: planted\n${lines.replace(/^/gm, '  ')}`) },
  at: [tasks, at],
  says,
})
/** A play at the end of the playbook. */
const play = (what: string, lines: string, at: string, says: RegExp): Mistake => ({
  what,
  files: { [playbook]: more(`- name: planted\n${lines.replace(/^/gm, '  ')}`) },
  at: [playbook, at],
  says,
})
/** Variables at the end of the inventory, which are those of the cluster's group and of all its roles. */
const vars = (what: string, line: string, at: string, says: RegExp): Mistake => ({
  what,
  args: ['-i', ha, 'cluster.yaml'],
  files: { [ha]: more(`    ${line}`) },
  at: [ha, at],
  says,
})

const mistakes: readonly Mistake[] = [
  // Words
  task(
    'a keyword misspelt',
    'debug: { msg: a }\nwehn: true',
    'wehn',
    /neither a keyword nor a module[\s\S]*did you mean 'when'/,
  ),
  task('a keyword of another place', 'debug: { msg: a }\nserial: 1', 'serial', /'serial'/),
  task('a module misspelt', 'coppy: { content: a, dest: /b }', 'coppy', /did you mean 'copy'/),
  task(
    'an argument misspelt',
    'copy: { content: a, destt: /b }',
    'destt',
    /no argument 'destt'[\s\S]*did you mean 'dest'/,
  ),
  task(
    'an argument of the wrong type',
    'wait_for: { port: https }',
    'https',
    /argument 'port' of 'wait_for'/,
  ),
  task(
    'an argument outside its choices',
    'file: { path: /a, state: present }',
    'present',
    /argument 'state' of 'file'/,
  ),
  task('a required argument left out', 'template: { src: a.ejs }', 'template', /needs the argument 'dest'/),
  task('arguments that exclude each other', 'copy: { src: a, content: b, dest: /c }', 'copy', /'copy': /),
  task('two modules', 'debug: { msg: a }\nfail: { msg: b }', 'fail', /has two/),
  task('no module', 'when: true', 'name: planted', /names no module/),
  task('loop and with_items', 'debug: { msg: a }\nloop: [1]\nwith_items: [2]', 'with_items', /one loop/),
  task(
    'loop_control misspelt',
    'debug: { msg: a }\nloop: [1]\nloop_control: { lable: a }',
    'lable',
    /did you mean 'label'/,
  ),
  task(
    'a keyword that is not supported',
    'debug: { msg: a }\ndebugger: always',
    'debugger',
    /does not support/,
  ),
  task('a block misspelt', 'block: [{ debug: { msg: a } }]\nresuce: []', 'resuce', /did you mean 'rescue'/),
  task('a meta action misspelt', 'meta: flush_handler', 'flush_handler', /not supported/),
  // Expressions
  task(
    'JavaScript that does not parse',
    'debug: { msg: a }\nwhen: facts.os.family = == 1',
    '== 1',
    /Unexpected token/,
  ),
  task(
    'Python in a condition',
    'debug: { msg: a }\nwhen: k3s_version is defined',
    'is defined',
    /vars.NAME !== undefined/,
  ),
  task('an assignment', 'debug: { msg: a }\nwhen: k3s_version = 1', 'k3s_version = 1', /write ===/),
  task('a condition with brackets', 'debug: { msg: a }\nwhen: <%= true %>', '<%= true', /bare expression/),
  task('Jinja in a role', 'debug: { msg: "{{ k3s_version }}" }', '{{ k3s_version', /<%= k3s_version %>/),
  task(
    'an undefined name in a condition',
    "debug: { msg: a }\nwhen: k3s_verson === 'a'",
    'k3s_verson',
    /nothing defines the variable 'k3s_verson'[\s\S]*did you mean 'k3s_version'/,
  ),
  task(
    'an undefined name in a text',
    'debug: { msg: one <%= k3s_version %> two <%= k3s_verson %> }',
    'k3s_verson',
    /'k3s_version'/,
  ),
  task(
    'an undefined name in a loop',
    'debug: { msg: a }\nloop: <%= [1].concat(nodez) %>',
    'nodez',
    /nothing defines the variable 'nodez'/,
  ),
  task(
    'an undefined name in notify',
    'command: "true"\nnotify: restart <%= unitt %>',
    'unitt',
    /nothing defines the variable 'unitt'/,
  ),
  task(
    'a name of Node.js',
    'debug: { msg: "<%= process.env.HOME %>" }',
    'process',
    /process cannot be used here/,
  ),
  task('a tag that is not closed', 'debug: { msg: "a <%= k3s_version" }', '<%= k3s_version"', /not closed/),
  // YAML
  {
    what: 'a tab',
    files: { [tasks]: more('- name: planted\n\tdebug: { msg: a }') },
    at: [tasks, '\tdebug'],
    says: /[Tt]ab/,
  },
  task('a key twice', 'debug: { msg: a }\nname: again', 'name: again', /stands twice/),
  {
    what: 'a second document',
    files: { [tasks]: more('---\n- debug: { msg: a }') },
    at: [tasks, '---'],
    says: /second document/,
  },
  task(
    'an unquoted colon',
    'debug:\n  msg: this: breaks',
    'this: breaks',
    /[\s\S]*quotes around a value that holds a colon/,
  ),
  task('a bare tag with a comma in a flow mapping', 'debug: { msg: <%= [1, 2] %> }', '[1, 2]', /quotes/),
  task('an unquoted {{ }}', 'debug:\n  msg: {{ k3s_version }}', '{{ k3s', /an unquoted \{\{/),
  task('an alias of nothing', 'debug: { msg: *none }', '*none', /nothing is named &none/),
  task(
    'a tag of YAML that is not known',
    'debug: { msg: !vaulted a }',
    '!vaulted a',
    /the tag !vaulted is not known/,
  ),
  task('a version that is a number', 'lineinfile: { path: /a, line: 1.30 }', '1.30', /quote|text|string/),
  task('a mode without a zero', 'file: { path: /a, state: directory, mode: 755 }', '755', /mode/),
  // What is nowhere
  task(
    'a template that is not there',
    'template: { src: nowhere.ejs, dest: /a }',
    'nowhere.ejs',
    /no file 'nowhere.ejs'/,
  ),
  task('a file that is not there', 'copy: { src: nowhere, dest: /a }', 'nowhere', /no file 'nowhere'/),
  task('a script that is not there', 'script: nowhere.sh', 'nowhere.sh', /no file 'nowhere.sh'/),
  task(
    'an archive that is not there',
    'unarchive: { src: nowhere.tgz, dest: /a }',
    'nowhere.tgz',
    /no file 'nowhere.tgz'/,
  ),
  task(
    'a handler that is nowhere',
    'command: "true"\nnotify: restart k3z',
    'restart k3z',
    /no handler 'restart k3z'/,
  ),
  task('tasks that are nowhere', 'include_tasks: nowhere.yaml', 'nowhere.yaml', /no such file of tasks/),
  task(
    'tasks_from that is nowhere',
    'include_role: { name: firewall, tasks_from: uffw }',
    'firewall, tasks',
    /no file 'uffw'[\s\S]*did you mean 'ufw'/,
  ),
  play('a role misspelt', 'hosts: server\nroles: [firewal]', 'firewal]', /did you mean 'firewall'/),
  play(
    'a file of variables that is nowhere',
    'hosts: server\nvars_files: [none.yaml]',
    'none.yaml',
    /no such file of variables/,
  ),
  {
    what: 'an undefined name in a template',
    files: {
      'roles/k3s_binary/templates/planted.ejs': 'a\nb <%= k3s_verson %>\n',
      [tasks]: more('- template: { src: planted.ejs, dest: /a }'),
    },
    at: ['roles/k3s_binary/templates/planted.ejs', 'k3s_verson'],
    says: /did you mean 'k3s_version'/,
  },
  {
    what: 'JavaScript in a template that does not parse',
    files: {
      'roles/k3s_binary/templates/planted.ejs': 'a\n<% if (true { %>\n<% } %>\n',
      [tasks]: more('- template: { src: planted.ejs, dest: /a }'),
    },
    at: ['roles/k3s_binary/templates/planted.ejs', '{ %>'],
    says: /Unexpected token/,
  },
  // What goes round in circles
  vars(
    'variables that need each other',
    'one: "{{ two }}"\n    two: "{{ one }}"',
    '"{{ two }}',
    /one → two → one|two → one → two/,
  ),
  task(
    'a role that includes itself for ever',
    'import_role: { name: k3s_binary }',
    'k3s_binary',
    /depends on itself/,
  ),
  {
    what: 'files that import each other',
    files: {
      'roles/k3s_binary/tasks/a.yaml': '- import_tasks: b.yaml\n',
      'roles/k3s_binary/tasks/b.yaml': '- import_tasks: a.yaml\n',
      [tasks]: more('- import_tasks: a.yaml'),
    },
    at: ['roles/k3s_binary/tasks/b.yaml', 'a.yaml'],
    says: /imports itself/,
  },
  // Keywords with values that cannot be
  task(
    'a way to become that there is not',
    'command: "true"\nbecome_method: sudoo',
    'sudoo',
    /did you mean 'sudo'/,
  ),
  task(
    'become that is no boolean',
    'command: "true"\nbecome: root',
    'root',
    /'become' must be true or false/,
  ),
  task(
    'retries that are no number',
    'command: "true"\nuntil: false\nretries: many',
    'many',
    /'retries' must be a number/,
  ),
  task(
    'a name of a variable that is none',
    'command: "true"\nregister: my-result',
    'my-result',
    /no variable can be named/,
  ),
  task(
    'a loop variable of a name that is taken',
    'debug: { msg: a }\nloop: [1]\nloop_control: { loop_var: groups }',
    'groups',
    /no variable can be named 'groups'/,
  ),
  task(
    'an index of the same name as the item',
    'debug: { msg: a }\nloop: [1]\nloop_control: { index_var: item }',
    'item }',
    /item/,
  ),
  task(
    'a delegate that is almost a host',
    'command: "true"\ndelegate_to: 192.0.2.1l',
    '192.0.2.1l',
    /192\.0\.2\.1/,
  ),
  task(
    'a delegate that is a group',
    'command: "true"\ndelegate_to: server',
    'server',
    /'server' is a group[\s\S]*groups\.server\[0\]/,
  ),
  task(
    'a module default of no module',
    'command: "true"\nmodule_defaults: { cpy: {} }',
    'cpy',
    /not a module/,
  ),
  play('a strategy misspelt', 'hosts: server\nstrategy: lineer', 'lineer', /did you mean 'linear'/),
  play('serial that is no number', 'hosts: server\nserial: "half"', '"half"', /serial/),
  play(
    'max_fail_percentage that is no number',
    'hosts: server\nmax_fail_percentage: few',
    'few',
    /max_fail_percentage/,
  ),
  {
    ...play('a group that is nowhere', 'hosts: servers\ntasks: []', 'servers', /did you mean server/),
    exitCode: 6,
  },
  play('no hosts', 'roles: [firewall]', 'name: planted', /needs 'hosts'/),
  // What the inventory says
  vars(
    'a choice of a role that there is not',
    'container_runtime: dockr',
    'dockr',
    /container_runtime[\s\S]*must be one of/,
  ),
  vars(
    'a type of a role that is wrong',
    'manage_firewall: "no, thanks"',
    '"no, thanks"',
    /manage_firewall[\s\S]*bool/,
  ),
  vars('a version that YAML makes a number', 'k3s_channel: 1.30', '1.30', /quote it/),
  vars('Jinja that does not parse', 'x: "{{ a | }}"', '{{ a | }}', /no Jinja/),
  vars('a filter that there is not', 'x: "{{ a | to_jsn }}"', 'to_jsn', /did you mean to_json/),
  vars(
    'an undefined name in the inventory',
    'k3s_node_ip: "{{ k3s_verson }}"',
    'k3s_verson',
    /nothing defines the variable 'k3s_verson'/,
  ),
  {
    what: 'an inventory with a list of hosts',
    files: { [ha]: 'server:\n  hosts: [a, b]\n' },
    at: [ha, '[a, b]'],
    says: /mapping/,
  },
  // What would not be run
  task(
    'a mistake in a task that is left out',
    'debug: { msg: <%= nope_here %> }\nwhen: false',
    'nope_here',
    /nothing defines the variable 'nope_here'/,
  ),
  task(
    'a mistake in a rescue',
    'block: [{ command: "true" }]\nrescue: [{ debug: { mgs: a } }]',
    'mgs',
    /no argument 'mgs'[\s\S]*did you mean 'msg'/,
  ),
  task(
    'a mistake in a task that only its tag runs',
    'slurpp: { src: /a }\ntags: never',
    'slurpp',
    /did you mean 'slurp'/,
  ),
  // The command line
  {
    what: 'an unknown tag',
    args: ['-i', ha, '--tags', 'firewal', 'cluster.yaml'],
    says: /--tags: nothing in the playbooks has the tag 'firewal'/,
  },
  {
    what: 'an unknown group in --limit',
    exitCode: 6,
    args: ['-i', ha, '--limit', 'servr', 'cluster.yaml'],
    says: /did you mean server/,
  },
  {
    what: 'an unknown task',
    args: ['-i', ha, '--start-at-task', 'nope nope', 'cluster.yaml'],
    says: /--start-at-task/,
  },
  { what: 'an unknown playbook', args: ['-i', ha, 'clutser.yaml'], says: /no playbook 'clutser.yaml'/ },
  {
    what: 'a missing inventory',
    args: ['-i', 'inventories/none.yaml', 'cluster.yaml'],
    says: /no inventory/,
  },
]

const shipped = copyShipped()
afterAll(() => rmSync(shipped.dir, { recursive: true, force: true }))

describe('a mistake in what ships is found before a connection is opened', () => {
  it.each(mistakes.map((mistake) => [mistake.what, mistake] as const))(
    '%s',
    { timeout: 30_000 },
    async (_, mistake) => {
      const { exitCode, stdout, stderr, place } = await runPlanted(shipped, mistake)
      expect(stderr).toContain(place ?? 'error: ')
      const start = place ? stderr.indexOf(place) : 0
      expect(stderr.slice(start, stderr.indexOf('\n\n', start) + 1 || undefined)).toMatch(mistake.says)
      expect(stdout).toBe('')
      expect(exitCode).toBe(mistake.exitCode ?? 1)
    },
  )

  it.each(['ha', 'single', 'airgap'])(
    'and with inventories/%s.yaml there is none in what ships',
    { timeout: 30_000 },
    async (inventory) => {
      const playbooks = shipped.files.list(`${shipped.dir}/playbooks`)!.map(({ name }) => name)
      for (const name of playbooks) {
        const args = ['-i', `inventories/${inventory}.yaml`, '--syntax-check', name]
        expect(await runPlanted(shipped, { what: '', args, says: /./ })).toMatchObject({
          exitCode: 0,
          stderr: '',
          stdout: '',
        })
      }
    },
  )
})
