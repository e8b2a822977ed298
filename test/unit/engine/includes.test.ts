import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const head = '- hosts: web\n  gather_facts: false\n'

async function said(playbook: string, files: Readonly<Record<string, string>>, hosts = 1): Promise<string> {
  const ran = await play(head + playbook, { files, hosts })
  expect(ran.stderr).toBe('')
  expect(ran.exitCode).toBe(0)
  return ran.messages.map((line) => line.replace(/^h1: /, '')).join(' ')
}

describe('include_tasks', () => {
  const files = {
    'a.yaml': '- debug: { msg: "a<%= vars.item ?? 0 %>" }\n',
    'b.yaml': '- debug: { msg: "b<%= vars.item ?? 0 %>" }\n',
  }

  it('takes a name that is only known in the run, on each host its own', async () => {
    const ran = await play(
      `${head}  tasks:\n    - include_tasks: <%= ['a', 'b'][own - 1] %>.yaml\n    - debug: { msg: after }\n`,
      { files, hosts: 2 },
    )
    expect(ran.messages).toEqual(['h1: a0', 'h2: b0', 'h1: after', 'h2: after'])
  })

  it('takes the name from the item, and its when from each item', async () => {
    const tasks = '  tasks: [{ include_tasks: <%= item %>.yaml, loop: [a, b, x], when: "item !== \'x\'" }]\n'
    expect(await said(tasks, files)).toBe('aa bb')
  })

  it('tells the mistakes of a file that is read in the run', async () => {
    const ran = await play(`${head}  tasks: [{ include_tasks: <%= 'bro' + 'ken' %>.yaml }]\n`, {
      files: { 'broken.yaml': '- cpy: {}\n' },
    })
    expect(ran.exitCode).toBe(2)
    expect(ran.stdout).toContain("'cpy' is neither a keyword nor a module")
  })

  it('hands keywords down by apply, and variables above set_fact', async () => {
    const tasks = `  tasks:
    - set_fact: { v: fact }
    - include_tasks: { file: c.yaml, apply: { environment: { E: applied }, vars: { w: block } } }
      vars: { v: param }
`
    const c = '- shell: echo $E\n  register: out\n- debug: { msg: "<%= out.stdout %> <%= v %> <%= w %>" }\n'
    expect(await said(tasks, { 'c.yaml': c })).toBe('applied param block')
  })

  it('refuses keywords that it would ignore', async () => {
    const ran = await play(
      `${head}  tasks: [{ include_tasks: a.yaml, become: true }, { import_tasks: a.yaml, register: x }]\n`,
      { files },
    )
    expect(ran.stderr).toMatch(/'become' has no meaning on 'include_tasks'[\s\S]*apply: \{ become: … \}/)
    expect(ran.stderr).toMatch(/'register' has no meaning on 'import_tasks'/)
  })

  it('may include itself until a condition ends it', async () => {
    const again = `- debug: { msg: "<%= round %>" }
- set_fact: { round: <%= round + 1 %> }
- { include_tasks: again.yaml, when: round < 4 }
`
    expect(
      await said('  tasks: [{ set_fact: { round: 1 } }, { include_tasks: again.yaml }]\n', {
        'again.yaml': again,
      }),
    ).toBe('1 2 3')
  })

  it('chooses by tags in what is read in the run, too', async () => {
    const ran = await play(`${head}  tasks: [{ include_tasks: <%= 'c' %>.yaml, tags: t }]\n`, {
      files: { 'c.yaml': '- { debug: { msg: tagged }, tags: t }\n- { debug: { msg: plain } }\n' },
      args: ['--tags', 't'],
    })
    expect(ran.messages).toEqual(['h1: tagged'])
  })
})

describe('roles brought in by tasks', () => {
  const files = {
    'roles/r/tasks/main.yaml': '- debug: { msg: "main <%= d %> <%= v %>" }\n',
    'roles/r/tasks/other.yaml': '- debug: { msg: "other <%= d %> <%= v %>" }\n',
    'roles/r/defaults/main.yaml': 'd: default\n',
    'roles/r/defaults/d2.yaml': 'd: default2\n',
    'roles/r/vars/main.yaml': 'v: var\n',
    'roles/r/vars/v2.yaml': 'v: var2\n',
    'roles/s/tasks/main.yaml': '- import_role: { name: t }\n',
    'roles/t/tasks/main.yaml':
      '- debug: { msg: "<%= ansible_role_name %> in <%= ansible_parent_role_names.join() %>" }\n- { command: "true", notify: t changed }\n',
    'roles/t/handlers/main.yaml': '- { name: t changed, debug: { msg: handled by <%= role_name %> } }\n',
  }

  it.each(['include_role', 'import_role'])('%s takes other files', async (directive) => {
    const args = '{ name: r, tasks_from: other, vars_from: v2.yaml, defaults_from: d2 }'
    expect(await said(`  tasks: [{ ${directive}: ${args} }]\n`, files)).toBe('other default2 var2')
  })

  it.each(['include_role', 'import_role'])('%s takes other handlers', async (directive) => {
    const role = {
      'roles/h/tasks/main.yaml': "- { command: 'true', notify: changed }\n",
      'roles/h/handlers/main.yaml': '- { name: changed, debug: { msg: main } }\n',
      'roles/h/handlers/other.yaml': '- { name: changed, debug: { msg: other } }\n',
    }
    const playbook = `  tasks: [{ ${directive}: { name: h, handlers_from: other } }]\n`
    expect(await said(playbook, role)).toBe('other')
  })

  it('names are templates in include_role', async () => {
    expect(
      await said(
        "  tasks: [{ include_role: { name: <%= 'r' %>, tasks_from: <%= item %> }, loop: [main, other] }]\n",
        files,
      ),
    ).toBe('main default var other default var')
  })

  it('refuse a file that is not there, and an argument that is not known', async () => {
    const ran = await play(
      `${head}  tasks: [{ include_role: { name: r, tasks_from: othr } }, { import_role: { name: r, task_from: x } }]\n`,
      { files },
    )
    expect(ran.stderr).toMatch(/no file 'othr'[\s\S]*did you mean 'other'/)
    expect(ran.stderr).toMatch(/unknown key 'task_from'[\s\S]*did you mean 'tasks_from'/)
  })

  it('keep their variables to themselves, unless they are imported or public', async () => {
    const tasks = (directive: string) =>
      `  tasks: [{ debug: { msg: "<%= String(vars.v) %>" } }, { ${directive} }, { debug: { msg: "<%= String(vars.v) %>" } }]\n`
    expect(await said(tasks('include_role: { name: r }'), files)).toBe('undefined main default var undefined')
    expect(await said(tasks('include_role: { name: r, public: true }'), files)).toBe(
      'undefined main default var var',
    )
    expect(await said(tasks('import_role: { name: r }'), files)).toBe('var main default var var')
  })

  it('bring their handlers, and know the role they are in', async () => {
    for (const directive of ['include_role', 'import_role'])
      for (const name of ['s', "<%= 's' %>"].slice(0, directive === 'import_role' ? 1 : 2))
        expect(await said(`  tasks: [{ ${directive}: { name: ${name} } }]\n`, files)).toBe(
          't in s handled by t',
        )
  })
})

describe('variables of roles', () => {
  it('of a dependency are seen by the tasks of the role, also where an include brings it in', async () => {
    const files = {
      'roles/low/defaults/main.yaml': 'd: low\nboth: low\n',
      'roles/low/vars/main.yaml': 'v: low\n',
      'roles/middle/meta/main.yaml': 'dependencies: [low]\n',
      'roles/top/meta/main.yaml': 'dependencies: [middle]\n',
      'roles/top/defaults/main.yaml': 'both: top\n',
      'roles/top/tasks/main.yaml': '- debug: { msg: "<%= d %> <%= v %> <%= both %>" }\n',
      'roles/top/tasks/other.yaml': '- debug: { msg: "other <%= d %> <%= v %> <%= both %>" }\n',
      'roles/called/meta/main.yaml': 'dependencies: [low]\n',
      'roles/called/tasks/main.yaml': "- { command: 'true', notify: h }\n- meta: flush_handlers\n",
      'roles/called/handlers/main.yaml': '- { name: h, debug: { msg: "h <%= d %> <%= v %>" } }\n',
    }
    const after = '- debug: { msg: "<%= vars.v ?? \'gone\' %>" }'
    for (const directive of ['include_role', 'import_role'])
      expect(
        await said(
          `  tasks:
    - ${directive}: { name: top, public: false }
    - ${directive}: { name: top, tasks_from: other, public: false }
    ${after}
`,
          files,
        ),
      ).toBe('low low top other low low top gone')
    expect(await said('  roles: [middle, top]\n', files)).toBe('low low top')
    expect(await said('  tasks: [{ include_role: { name: called } }]\n', files)).toBe('h low low')
  })

  it("are the role's own where an outer role has some of the same name", async () => {
    const files = {
      'roles/outer/defaults/main.yaml': 'd: outer\nonly: outer\n',
      'roles/outer/vars/main.yaml': 'v: outer\n',
      'roles/outer/tasks/main.yaml': '- include_role: { name: inner }\n',
      'roles/inner/defaults/main.yaml': 'd: inner\n',
      'roles/inner/vars/main.yaml': 'v: inner\n',
      'roles/inner/tasks/main.yaml': '- debug: { msg: "<%= d %> <%= v %> <%= only %>" }\n',
    }
    expect(await said('  tasks: [{ include_role: { name: outer } }]\n', files)).toBe('inner inner outer')
    expect(await said('  roles: [outer]\n', files)).toBe('inner inner outer')
  })
})

describe('roles of a play', () => {
  const files = {
    'roles/c/tasks/main.yaml': '- debug: { msg: "c<%= vars.cv ?? 0 %>" }\n',
    'roles/twice/tasks/main.yaml': '- debug: { msg: twice }\n',
    'roles/twice/meta/main.yaml': 'allow_duplicates: true\n',
    'roles/a/tasks/main.yaml': '- debug: { msg: a }\n',
    'roles/a/meta/main.yaml': 'dependencies: [{ role: c, cv: 1 }]\n',
    'roles/b/tasks/main.yaml': '- debug: { msg: b }\n',
    'roles/b/meta/main.yaml': 'dependencies: [{ role: c, cv: 1 }, { role: c, cv: 2 }]\n',
  }

  it('run once for the same parameters, and again for others or where the role allows it', async () => {
    expect(await said('  roles: [a, b, c, c, { role: c, cv: 2 }, twice, twice]\n', files)).toBe(
      'c1 a c2 b c0 twice twice',
    )
  })

  it('run where they are asked for again on hosts that left them out at first', async () => {
    const first = "{ role: a, when: inventory_hostname === 'h1' }"
    expect(await said(`  roles: [${first}, { role: c, cv: 1 }, b]\n`, files, 2)).toBe(
      'c1 a h2: c1 c2 h2: c2 b h2: b',
    )
    expect(await said('  roles: [c, { role: c, become: false }]\n', files)).toBe('c0 c0')
  })
})

describe('handlers', () => {
  it('may be an include', async () => {
    const playbook = `  tasks: [{ command: 'true', notify: more }]
  handlers: [{ name: more, include_tasks: more.yaml, loop: [1, 2] }]
`
    expect(await said(playbook, { 'more.yaml': '- debug: { msg: "more <%= item %>" }\n' })).toBe(
      'more 1 more 2',
    )
  })

  it('are called by a block for its tasks that name none', async () => {
    const playbook = `  tasks: [{ notify: h, block: [{ command: 'true' }, { command: 'true', notify: g }] }]
  handlers: [{ name: g, debug: { msg: g } }, { name: h, debug: { msg: h } }]
`
    expect(await said(playbook, {})).toBe('g h')
    expect(await said(playbook.replace("{ command: 'true' }, ", ''), {})).toBe('g')
  })

  it('that are nowhere fail the task that calls them', async () => {
    const ran = await play(`${head}  tasks: [{ command: 'true', notify: <%= 'no' + 'body' %> }]\n`)
    expect(ran.stdout).toContain("no handler 'nobody' is defined in this play")
    expect(ran.exitCode).toBe(2)
  })

  it('are called by the name that their template comes to, on each host its own', async () => {
    const role = (vars: string) => ({
      'roles/r/tasks/main.yaml': "- { command: 'true', notify: 'r : restart web' }\n",
      'roles/r/handlers/main.yaml': '- { name: restart <%= svc %>, debug: { msg: role } }\n',
      'roles/r/defaults/main.yaml': vars,
    })
    const playbook = `  roles: [r]
  tasks: [{ command: 'true', notify: ['stop <%= own %>', start 1] }]
  handlers:
    - { name: 'stop <%= own %>', debug: { msg: 'stop <%= own %>' } }
    - { name: start <%= own %>, debug: { msg: start } }
`
    expect(await said(playbook.replace(', start 1', ''), role('svc: web\n'), 2)).toBe(
      'role h2: role stop 1 h2: stop 2',
    )
    const ran = await play(head + playbook, { files: role('svc: web\n'), hosts: 2 })
    expect(ran.messages).toEqual(['h1: role', 'h1: stop 1', 'h1: start'])
    expect(ran.stdout).toContain("no handler 'start 1' is defined in this play")
  })

  it('are called by the role that they are of', async () => {
    const files = {
      'roles/r/tasks/main.yaml': "- { command: 'true', notify: 'r : h' }\n",
      'roles/r/handlers/main.yaml': '- { name: h, debug: { msg: of r } }\n',
    }
    const playbook = '  roles: [r]\n  handlers: [{ name: h, debug: { msg: of the play } }]\n'
    expect(await said(playbook, files)).toBe('of r')
    const ran = await play(`${head}${playbook}  tasks: [{ command: 'true', notify: 'nobody : h' }]\n`, {
      files,
    })
    expect(ran.stderr).toMatch(/play\.yaml:5:38: error: no handler 'nobody : h'/)
    expect(ran.exitCode).toBe(1)
  })

  it('cannot be blocks', async () => {
    const ran = await play(`${head}  handlers: [{ block: [{ debug: { msg: x } }] }]\n`)
    expect(ran.stderr).toContain('a block cannot be a handler')
  })
})
