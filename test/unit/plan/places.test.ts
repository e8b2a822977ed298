import { describe, expect, it } from 'vitest'
import type { Compiled } from '../../../runner/expression/compiled.js'
import { type Place, supported } from '../../../runner/plan/keywords.js'
import { loadPlan } from '../../../runner/plan/load.js'
import type { PlanNode, Task } from '../../../runner/plan/plan.js'
import { diskFiles } from '../../../runner/syntax/files.js'

/** Where a keyword stands, around or on the one task `probe` of a playbook. */
const places: Readonly<Record<Exclude<Place, 'loop_control'>, (keyword: string) => Record<string, string>>> =
  {
    play: (keyword) => ({ 'play.yaml': `- hosts: all\n  ${keyword}\n  tasks: [{ debug: { msg: a } }]\n` }),
    block: (keyword) => ({
      'play.yaml': `- hosts: all\n  tasks:\n    - ${keyword}\n      block: [{ debug: { msg: a } }]\n`,
    }),
    task: (keyword) => ({
      'play.yaml': `- hosts: all\n  tasks:\n    - ${keyword}\n      debug: { msg: a }\n`,
    }),
    handler: (keyword) => ({
      'play.yaml': `- hosts: all\n  handlers:\n    - ${keyword}\n      debug: { msg: a }\n`,
    }),
    role: (keyword) => ({
      'play.yaml': `- hosts: all\n  roles:\n    - role: probe\n      ${keyword}\n`,
      'roles/probe/tasks/main.yaml': '- debug: { msg: a }\n',
    }),
    apply: (keyword) => ({
      'play.yaml': `- hosts: all\n  tasks:\n    - include_tasks: { file: tasks.yaml, apply: { ${keyword} } }\n`,
      'tasks.yaml': '- debug: { msg: a }\n',
    }),
    import_playbook: (keyword) => ({
      'play.yaml': `- import_playbook: other.yaml\n  ${keyword}\n`,
      'other.yaml': '- hosts: all\n  tasks: [{ debug: { msg: a } }]\n',
    }),
  }

const value = (compiled: Compiled | undefined) => compiled?.constant?.value
const single = (name: keyof Task['keywords'], text: string, want: unknown) =>
  [`${name}: ${text}`, (task: Task) => value(task.keywords[name] as Compiled), want] as const

/** Each keyword that children inherit: how it is written, where a task has it, and what that must be. */
const inherited: Readonly<Record<string, readonly [string, (task: Task) => unknown, unknown]>> = {
  any_errors_fatal: single('any_errors_fatal', 'true', true),
  become: single('become', 'true', true),
  become_method: single('become_method', 'su', 'su'),
  become_user: single('become_user', 'u', 'u'),
  check_mode: single('check_mode', 'true', true),
  connection: single('connection', 'local', 'local'),
  delegate_facts: single('delegate_facts', 'true', true),
  delegate_to: single('delegate_to', 'localhost', 'localhost'),
  diff: single('diff', 'true', true),
  environment: ['environment: { X: a }', (task) => task.keywords.environment.map(value), [{ X: 'a' }]],
  ignore_errors: single('ignore_errors', 'true', true),
  ignore_unreachable: single('ignore_unreachable', 'true', true),
  module_defaults: [
    'module_defaults: { ping: { data: a } }',
    (task) => task.keywords.module_defaults.get('ping')?.map(({ key }) => key),
    ['data'],
  ],
  no_log: single('no_log', 'true', true),
  notify: [`notify: <%= 'h' %>`, (task) => task.keywords.notify.length, 1],
  port: single('port', '2222', 2222),
  remote_user: single('remote_user', 'u', 'u'),
  run_once: single('run_once', 'true', true),
  tags: ['tags: [t]', (task) => task.keywords.tags, ['t']],
  throttle: single('throttle', '1', 1),
  timeout: single('timeout', '1', 1),
  vars: ['vars: { probed: a }', (task) => task.layers.some(({ vars }) => vars.has('probed')), true],
  when: ['when: false', (task) => task.keywords.when.map(value), [false]],
}

/** Words that say what stands at a place, and are tested by their effect (keywords.test.ts). */
const own: Readonly<Record<Place, readonly string[]>> = {
  play: 'fact_path force_handlers gather_facts gather_subset gather_timeout handlers hosts max_fail_percentage name order post_tasks pre_tasks roles serial strategy tasks vars_files vars_prompt'.split(
    ' ',
  ),
  import_playbook: ['import_playbook', 'name'],
  apply: ['name'],
  block: ['block', 'rescue', 'always', 'name'],
  task: [...supported.task].filter((word) => !inherited[word]),
  handler: [...supported.handler].filter((word) => !inherited[word]),
  role: ['role', 'name'],
  loop_control: [...supported.loop_control],
}

function probe(files: Readonly<Record<string, string>>): Task {
  const disk = diskFiles()
  const read = (path: string) => {
    const text = files[path.replace('/probe/', '')]
    return path.startsWith('/probe/') ? (text === undefined ? undefined : { path, text }) : disk.read(path)
  }
  const isIn = (path: string) => Object.keys(files).some((name) => `/probe/${name}`.startsWith(`${path}/`))
  const { plan } = loadPlan({
    inventories: ['h1,'],
    playbooks: ['play.yaml'],
    extraVars: new Map(),
    cwd: '/probe',
    files: {
      read,
      list: (path) => (path.startsWith('/probe') ? undefined : disk.list(path)),
      isFile: (path) => (path.startsWith('/probe/') ? read(path) !== undefined : disk.isFile(path)),
      isDirectory: (path) => (path.startsWith('/probe') ? isIn(path) : disk.isDirectory(path)),
    },
  })
  const [play] = plan.plays
  const task = [...play!.nodes, ...play!.handlers].flatMap(debugTasks)[0]!
  return { ...task, layers: [...play!.layers, ...task.layers] }
}

function debugTasks(node: PlanNode): Task[] {
  if (node.kind === 'task') return node.action.module.name === 'debug' ? [node] : []
  if (node.kind === 'include') return node.children.flatMap(debugTasks)
  return node.kind === 'block' ? node.block.flatMap(debugTasks) : []
}

describe('keywords reach the task', () => {
  const cases = Object.entries(places).flatMap(([place, write]) =>
    Object.entries(inherited)
      .filter(([word]) => supported[place as Place].has(word))
      .map(([word, [text, seen, want]]) => [word, place, write(text), seen, want] as const),
  )

  it.each(cases)('%s of a %s', (_, _place, files, seen, want) => {
    expect(seen(probe(files))).toEqual(want)
  })

  it('and none is without a case', () => {
    for (const [place, words] of Object.entries(supported))
      expect([...words].filter((word) => !inherited[word] && !own[place as Place].includes(word))).toEqual([])
  })
})
