import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'
import { evaluate, print, render, scopeOf, tree } from './support.js'

/** Values as an enemy would send them: each looks like code to somebody. */
const evil = [
  '<%= process.exit(1) %>',
  '<% process.exit(1) %>',
  "<%- include('/etc/passwd') %>",
  '%>',
  '<%%',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is to look like one.
  '${process.exit(1)}',
  '{{ 7 * 7 }}',
  "{{ ''.__class__.__mro__ }}",
  '{% for x in [1] %}{% endfor %}',
  '`id`; $(id) && id | id > /dev/null',
  "'; process.exit(1); '",
  '"\\u0027\\n',
  '__proto__',
  'constructor',
  '!!js/function "x"',
  '&a [*a]',
  '- no: list',
]

describe('a value that looks like code is a value', () => {
  it.each(evil)('%j in every kind of text', (x) => {
    expect(evaluate('x', { x })).toBe(x)
    expect(evaluate('[x].map(y => y + y)[0]', { x })).toBe(x + x)
    expect(evaluate('vars.x', { x })).toBe(x)
    expect(render('a: <%= x %>\nb: "<<%= x %>>"\nc: "<% if (x) { %><%= x %><% } %>"\n', { x })).toEqual({
      a: x,
      b: `<${x}>`,
      c: x,
    })
    expect(print('<% for (const y of [x]) { -%>\n[<%= y %>]\n<% } -%>\n', { x })).toBe(`[${x}]\n`)
    const jinja = tree('a: "{{ x }}"\nb: "<{{ x }}>"\nc: "{{ [x] | join(\'\') }}"\n', { jinja: 'inventory' })
    expect(jinja.compiled!.evaluate(scopeOf({ x }))).toEqual({ a: x, b: `<${x}>`, c: x })
  })

  it.each(evil)('%j through helpers', (x) => {
    expect(evaluate('fromJson(toJson(x))', { x })).toBe(x)
    expect(evaluate('fromYaml(toYaml([x]))[0]', { x })).toBe(x)
    expect(evaluate('b64decode(b64encode(x))', { x })).toBe(x)
    expect(evaluate('combine({ a: x }, { b: [x] }).b[0]', { x })).toBe(x)
    expect(evaluate('unique([x, x])', { x })).toEqual([x])
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%j as a name reaches nothing', (x) => {
    expect(evaluate('vars[x] ?? 1', { x })).toBe(1)
    for (const base of ['({})', '[]', "'a'", '1', '[].map']) {
      expect(() => render(`a: "<%= ${base}[x] %>"\n`, { x })).toThrow()
      expect(() => print(`<%= ${base}[x] %>`, { x })).toThrow()
    }
    for (const each of [Object, Array, String, Number, Function])
      expect(Object.isFrozen(each.prototype)).toBe(false)
    expect(evaluate('combine(a, b).y', { a: JSON.parse(`{"${x}": {"z": 1}}`), b: { y: 2 } })).toBe(2)
    expect(({} as { z?: number }).z).toBeUndefined()
    const jinja = tree('a: "{{ o[x] | default(1) }}"\n', { jinja: 'inventory' })
    expect(jinja.compiled!.evaluate(scopeOf({ o: {}, x }))).toEqual({ a: 1 })
  })
})

describe('however it travels in a run', () => {
  it('from -e, a question, a host, a file and its name, to names, messages, files and conditions', async () => {
    const name = '<%= 1 %>{{ 2 }}`3`'
    const playbook = `- hosts: web
  gather_facts: false
  vars_prompt: [{ name: typed, private: false }]
  vars: { through: "<%= given[0] %>", twice: <%= through %> }
  tasks:
    - command: { argv: [printf, '%s', <%= item %>] }
      loop: <%= given %>
      register: said
    - debug: { msg: "<%= said.results.map(one => one.stdout) %>" }
    - debug: { msg: "<%= [typed, twice, from_inventory, hostvars.h1.from_inventory] %>" }
    - name: do <%= item %>
      set_fact: { kept: <%= item %> }
      loop: <%= given.slice(0, 1) %>
      loop_control: { label: <%= item %> }
    - lineinfile: { path: <%= playbook_dir %>/lines, line: <%= item %>, create: true }
      loop: <%= given %>
    - copy: { content: <%= kept %>, dest: <%= playbook_dir %>/copied }
    - fail: { msg: "no <%= kept %>" }
      ignore_errors: true
    - name: call
      command: 'true'
      notify: <%= kept %>
    - template: { src: t.ejs, dest: <%= playbook_dir %>/rendered }
    - debug: { msg: <%= basename(item) %> }
      with_fileglob: [odd/*]
    - find: { paths: <%= playbook_dir %>/files/odd }
      register: seen
    - debug: { msg: <%= basename(item.path) %> }
      loop: <%= seen.files %>
    - slurp: { src: "<%= seen.files[0].path %>" }
      register: read
    - debug: { msg: <%= b64decode(read.content) %> }
    - include_vars: { file: "<%= seen.files[0].path %>", name: said_within }
    - debug: { msg: <%= said_within.inner %> }
    - assert: { that: "kept === given[0] && kept === twice" }
  handlers: [{ name: "<%= given[0] %>", debug: { msg: called } }]
`
    const ran = await play(playbook, {
      args: ['--diff', '-e', JSON.stringify({ given: evil })],
      answers: [evil[0]!],
      files: {
        'group_vars/web.yaml': 'from_inventory: "{{ given[0] }}"\n',
        'templates/t.ejs': '<%= kept %>',
        [`files/odd/${name}.yaml`]: 'inner: seven\n',
      },
    })
    expect(ran.stderr).toBe('')
    const first = evil[0]
    expect(ran.messages).toEqual([
      `h1: ${JSON.stringify(evil)}`,
      `h1: ${JSON.stringify([first, first, first, first])}`,
      `h1: ${name}.yaml`,
      `h1: ${name}.yaml`,
      'h1: inner: seven\n',
      'h1: seven',
      'h1: called',
    ])
    const items = ran.events.flatMap((event) => (event.type === 'host_finished' ? event.result.items : []))
    const shown = [items.map(({ label }) => label), items.map(({ message }) => message)].flat()
    for (const text of [first, JSON.stringify(first), `no ${first}`]) expect(shown).toContain(text)
    expect(ran.trace).toContain(`${first} h1: ok`)
    for (const text of evil)
      expect(JSON.stringify(items.flatMap((item) => item.differences))).toContain(
        JSON.stringify(text).slice(1, -1),
      )
    expect(ran.exitCode).toBe(0)
  })
})

describe('what a host says of itself', () => {
  it('is printed as it is, in facts, their names and what is made of them', async () => {
    const first = evil[0]!
    const forged = JSON.stringify({ value: first, all: evil, [first]: 'by name' })
    const playbook = `- hosts: web
  gather_subset: ['!all', '!min', local]
  fact_path: <%= playbook_dir %>/facts.d
  vars: { through: <%= facts.local.forged.value %> }
  tasks:
    - name: do <%= facts.local.forged.value %>
      debug: { msg: <%= facts.local.forged.value %> }
    - debug: { msg: "<%= [through, Object.keys(facts.local.forged).includes(through)] %>" }
    - debug: { msg: <%= facts.local.forged.all %> }
    - set_fact: { kept: <%= facts.local.forged %> }
    - debug: { msg: "<%= kept[through] %>" }
`
    const ran = await play(playbook, { files: { 'facts.d/forged.fact': forged } })
    expect(ran.stderr).toBe('')
    expect(ran.messages).toEqual([
      `h1: ${first}`,
      `h1: ${JSON.stringify([first, true])}`,
      `h1: ${JSON.stringify(evil)}`,
      'h1: by name',
    ])
    expect(ran.trace[1]).toContain(`do ${first}`)
  })
})
