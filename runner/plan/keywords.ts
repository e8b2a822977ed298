/** Where a keyword may stand. */
export type Place =
  | 'play'
  | 'import_playbook'
  | 'apply'
  | 'block'
  | 'task'
  | 'handler'
  | 'role'
  | 'loop_control'

/** Keywords that everything below inherits, the nearest winning (Ansible's "Base" attributes). */
export const inheritable = [
  'any_errors_fatal',
  'become',
  'become_method',
  'become_user',
  'check_mode',
  'connection',
  'diff',
  'ignore_errors',
  'ignore_unreachable',
  'no_log',
  'port',
  'remote_user',
  'run_once',
  'throttle',
  'timeout',
] as const

const everywhere = [...inheritable, 'module_defaults', 'name', 'vars', 'environment', 'tags']
const taskLike = [...everywhere, 'when', 'delegate_to', 'delegate_facts']
const task = [
  ...taskLike,
  'action',
  'args',
  'async',
  'changed_when',
  'delay',
  'failed_when',
  'local_action',
  'loop',
  'loop_control',
  'notify',
  'poll',
  'register',
  'retries',
  'until',
  'with_dict',
  'with_fileglob',
  'with_first_found',
  'with_indexed_items',
  'with_items',
  'with_list',
  'with_nested',
  'with_sequence',
  'with_subelements',
  'with_together',
]

/** Every keyword that is understood, by place (docs/keywords.md). */
export const supported: Readonly<Record<Place, ReadonlySet<string>>> = {
  play: new Set([
    ...everywhere,
    'fact_path',
    'force_handlers',
    'gather_facts',
    'gather_subset',
    'gather_timeout',
    'handlers',
    'hosts',
    'max_fail_percentage',
    'order',
    'post_tasks',
    'pre_tasks',
    'roles',
    'serial',
    'strategy',
    'tasks',
    'vars_files',
    'vars_prompt',
  ]),
  import_playbook: new Set(['import_playbook', 'name', 'tags', 'vars', 'when']),
  apply: new Set([...taskLike, 'notify']),
  block: new Set([...taskLike, 'block', 'rescue', 'always', 'notify']),
  task: new Set(task),
  handler: new Set([...task, 'listen']),
  role: new Set([...taskLike, 'role']),
  loop_control: new Set([
    'break_when',
    'extended',
    'extended_allitems',
    'index_var',
    'label',
    'loop_var',
    'pause',
  ]),
}

/** Keywords of Ansible's that are refused by name, so that the message can say so. */
export const refused: ReadonlySet<string> = new Set([
  'become_exe',
  'become_flags',
  'collections',
  'debugger',
  'user',
  ...[
    'csvfile',
    'env',
    'file',
    'ini',
    'inventory_hostnames',
    'lines',
    'password',
    'pipe',
    'random_choice',
  ].map((lookup) => `with_${lookup}`),
  ...['template', 'unvault', 'url', 'varnames', 'vars', 'config'].map((lookup) => `with_${lookup}`),
])

/** Does a task loop by this keyword? */
export function isLoop(key: string): boolean {
  return key === 'loop' || key.startsWith('with_')
}
