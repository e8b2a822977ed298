import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createAhead } from '../../../runner/engine/ahead.js'
import { createHostRun } from '../../../runner/engine/host.js'
import type { Step } from '../../../runner/engine/walk.js'
import { useModules } from '../../../runner/modules/registry.js'
import { stat } from '../../../runner/modules/stat.js'
import type { Task } from '../../../runner/plan/plan.js'
import { play, temporaryFolder } from '../../support/playbook.js'

afterEach(() => useModules([]))

/** A module that writes down on the host when it is asked, and when it changes something. */
const note = `const { defineModule, z } = require('tsplay')
exports.note = defineModule({
  name: 'note',
  doc: { summary: 'Note what happens', examples: [] },
  args: z.strictObject({ name: z.coerce.string(), log: z.string(), change: z.boolean().default(false), fail: z.boolean().default(false) }),
  readsAhead: true,
  probe: (host, { name, log, fail }) =>
    host.query({ body: 'printf "%s\\\\n" "$name" >>"$log"; [ "$fail" = false ]', vars: { name, log, fail: String(fail) } }),
  diff: (args) => (args.change ? { summary: ['change'], data: undefined } : undefined),
  apply: async (host, { name, log }) => {
    await host.run({ body: 'printf "+%s\\\\n" "$name" >>"$log"', vars: { name, log } })
    return {}
  },
  result: ({ name }) => ({ name }),
})`

/** What happened on the host, in its order: `a` was asked about, `+a` changed. */
async function happened(tasks: readonly string[], more: Readonly<Record<string, string>> = {}, hosts = 1) {
  const dir = temporaryFolder({ 'library/note.js': note, ...more })
  const log = join(dir, 'log')
  const ran = await play(
    `- hosts: web\n  gather_facts: false\n  module_defaults: { note: { log: ${log} } }\n  tasks:\n${tasks.map((task) => `    - ${task}\n`).join('')}`,
    { dir, hosts },
  )
  expect(ran.stderr).toBe('')
  return { ...ran, log: readFileSync(log, 'utf8').trim().split('\n').join(' ') }
}

const named = (...names: string[]) => names.map((name) => `note: { name: ${name} }`)

describe('tasks to come are asked about before their turn', () => {
  it('and what was read is read again after a change', async () => {
    const { log, stats } = await happened([
      'note: { name: a }',
      'note: { name: b, change: true }',
      ...named('c', 'd', 'e'),
    ])
    // Four at first; then, since one of them changed something, one by one, and more again.
    expect(log).toBe('a b c d +b c d e')
    expect(stats.h1).toMatchObject({ ok: 5, changed: 1 })
  })

  it('or after a change on another host', async () => {
    const { log } = await happened(
      ["note: { name: <%= 'a' + own %>, change: <%= own === 1 %> }", "note: { name: <%= 'b' + own %> }"],
      {},
      2,
    )
    expect(log.split(' ').toSorted()).toEqual(['+a1', 'a1', 'a2', 'b1', 'b1', 'b2', 'b2'])
  })

  it('past those that only look at variables', async () => {
    const { log } = await happened([
      'note: { name: a }',
      'assert: { that: inventory_hostname.length > 0 }',
      'debug: { msg: here }',
      'fail:\n      when: false',
      'note: { name: b, change: true }',
      'note: { name: c }',
    ])
    expect(log).toBe('a b c +b c')
  })

  it('but not past one of them that fails, or registers something', async () => {
    const { log } = await happened([
      'note: { name: a }',
      'assert: { that: inventory_hostname.length === 0 }\n      ignore_errors: true',
      'note: { name: b }',
      'debug: { msg: here }\n      register: said',
      'note: { name: c }',
    ])
    expect(log).toBe('a b b c')
  })

  it('of roles and blocks, too', async () => {
    const { log, trace } = await happened(
      [
        'import_role: { name: r }',
        'block: [{ note: { name: b } }]\n      always: [{ note: { name: c, change: true } }]',
        'note: { name: d }',
      ],
      { 'roles/r/tasks/main.yaml': '- note: { name: a }\n' },
    )
    expect(log).toBe('a b c d +c d')
    expect(trace.map((line) => line.split(' ').at(-1))).toEqual(['ok', 'ok', 'changed', 'ok'])
  })

  it('and not told before it', async () => {
    const { log, trace, messages } = await happened([
      'block: [{ note: { name: a, fail: true } }, { note: { name: b } }]\n      rescue: [{ debug: { msg: saved } }]',
      'note: { name: c }',
    ])
    expect(log).toBe('a b c c')
    expect(trace).toEqual(['note h1: failed', 'debug h1: ok', 'note h1: ok'])
    expect(messages).toEqual(['h1: saved'])
  })

  it('while what they are asked can be told', async () => {
    const { log, messages, exitCode } = await happened([
      'note: { name: a }\n      register: one',
      'note: { name: <%= one.name %>b }\n      register: two',
      "note: { name: c }\n      when: two.name === 'ab'",
      'debug: { msg: <%= two.name %> }',
    ])
    expect(log).toBe('a ab c')
    expect(messages).toEqual(['h1: ab'])
    expect(exitCode).toBe(0)
  })

  it('and an error in them is met in their turn', async () => {
    const { trace, exitCode } = await happened([
      'note: { name: a }',
      'note: { name: "<%= [].a.b %>" }\n      ignore_errors: true',
      ...named('c'),
    ])
    expect(trace).toEqual(['note h1: ok', 'note h1: failed', 'note h1: ok'])
    expect(exitCode).toBe(0)
  })

  it('and what fails before its turn is tried again in its turn', async () => {
    const { log, trace } = await happened([
      'note: { name: a }',
      'note: { name: b, fail: true }\n      ignore_errors: true',
      ...named('c'),
    ])
    expect(log).toBe('a b c b c')
    expect(trace).toEqual(['note h1: ok', 'note h1: failed', 'note h1: ok'])
  })

  it('but not past a task that does more than read', async () => {
    for (const between of [
      'shell: echo s >><%= log %>\n      changed_when: false\n      vars: { log: <%= playbook_dir %>/log }',
      'note: { name: s }\n      delegate_to: h1',
      'note: { name: s }\n      run_once: true',
      `note: { name: s }\n      remote_user: ${userInfo().username}`,
      'note: { name: s }\n      until: true',
      'note: { name: <%= item %> }\n      loop: [s]',
      'set_fact: { x: 1 }',
      'meta: noop',
      'include_tasks: s.yaml',
    ]) {
      const tasks = [...named('a'), between, 'note: { name: b, change: true }', ...named('c')]
      const { log } = await happened(tasks, { 's.yaml': '- note: { name: s }\n' })
      // Asked about ahead of the change, c would stand before it.
      expect(log, between).toMatch(/^a (s )?b (c )?\+b c$/)
      expect(log.indexOf('s'), between).toBeLessThan(log.indexOf('b'))
    }
  })

  it('nor those after a flush from its handlers', async () => {
    const dir = temporaryFolder({ 'library/note.js': note })
    const log = join(dir, 'log')
    await play(
      `- hosts: web
  gather_facts: false
  module_defaults: { note: { log: ${log} } }
  tasks:
    - note: { name: a, change: true }
      notify: [one, two]
    - meta: flush_handlers
    - note: { name: b }
  handlers:
    - { name: one, note: { name: one } }
    - { name: two, note: { name: two, change: true } }
`,
      { dir },
    )
    expect(readFileSync(log, 'utf8').trim().split('\n').join(' ')).toBe('a +a one two +two b')
  })

  it('each round of an include with its own variables', async () => {
    const { log } = await happened(['include_tasks: { file: i.yaml }\n      loop: [1, 2]'], {
      'i.yaml': '- note: { name: "<%= item %>a" }\n- note: { name: "<%= item %>b" }\n',
    })
    expect(log).toBe('1a 1b 2a 2b')
  })
})

describe('what was read', () => {
  const task = (id: number, register?: string): Task => ({
    kind: 'task',
    id,
    order: id,
    action: { kind: 'module', module: stat, args: constantArgs, argumentNames: [], parts: [] },
    keywords: { environment: [], when: [], tags: [], module_defaults: new Map(), notify: [] },
    loopControl: { loopVar: 'item' },
    notify: [],
    layers: [],
    span: undefined as never,
    listen: [],
    register,
  })
  const constantArgs = { names: new Set<string>(), evaluate: () => ({}) }
  const ok = { result: { status: 'ok' }, applied: false } as never
  const changed = { result: { status: 'changed' }, applied: true } as never

  function setUp(hosts = 1) {
    const clock = { now: 0 }
    const nodes = Array.from({ length: 40 }, (_, id) => task(id))
    const layers: Step['layers'] = []
    const stepAt = (at: number): Step => ({
      what: nodes[at]!,
      path: [at],
      layers,
      rescuable: false,
      handler: false,
      rest: { nodes, from: at + 1 },
    })
    const ahead = createAhead(hosts, () => clock.now)
    const host = createHostRun('h')
    const read = (at: number): number[] => {
      const begun: number[] = []
      ahead.read(stepAt(at), nodes[at]!, host, async ({ id }) => {
        begun.push(id)
        return { finish: async () => undefined as never }
      })
      return begun
    }
    const take = (at: number, step = stepAt(at)) => ahead.take(step, nodes[at]!, host) !== undefined
    return { ahead, nodes, read, take, clock, stepAt }
  }

  it('is taken once, in its own round, and not when it is old', () => {
    const { read, take, clock, stepAt } = setUp()
    expect(read(0)).toEqual([1, 2, 3])
    expect(take(1, { ...stepAt(1), layers: [] })).toBe(false)
    expect(take(1)).toBe(true)
    expect(take(1)).toBe(false)
    clock.now = 10_000
    expect(take(2)).toBe(false)
  })

  it('grows while nothing changes, to a bound, and starts anew after a change', () => {
    const { ahead, nodes, read, take } = setUp()
    expect(read(0)).toHaveLength(3)
    expect(read(4)).toHaveLength(7)
    expect(read(12)).toHaveLength(15)
    expect(read(20)).toHaveLength(15)
    ahead.concluded(nodes[20]!, ok)
    expect(take(21)).toBe(true)
    ahead.concluded(nodes[21]!, changed)
    expect(take(22)).toBe(false)
    expect(read(22)).toEqual([])
    expect(read(23)).toEqual([24])
  })

  it('is less the more hosts there are, as it waits in memory for each', () => {
    const many = setUp(500)
    expect(many.read(0)).toHaveLength(3)
    expect(many.read(4)).toHaveLength(3)
    expect(setUp(5000).read(0)).toEqual([])
  })

  it('ends with what sets a variable, and is void after what was done between', () => {
    const { ahead, nodes, read, take } = setUp()
    expect(read(0)).toHaveLength(3)
    ahead.forget()
    expect(take(1)).toBe(false)
    nodes[5] = task(5, 'x')
    expect(read(4)).toEqual([5])
    expect(read(5)).toEqual([])
    expect(take(6)).toBe(false)
  })
})
