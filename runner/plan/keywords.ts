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

const reading = 'read it in a task and register what it says'

/** Keywords of Ansible's that are refused by name, with why and what to do instead. */
export const refused: ReadonlyMap<string, string> = new Map(
  Object.entries({
    become_exe: 'the program of a become method is found by its name: put it into the PATH of the host',
    become_flags: 'how a user is become is part of the method: write what sudo needs into sudoers',
    collections: 'modules are known by their names: write copy, or ansible.builtin.copy',
    debugger: 'there is no debugger: --step asks before each task, and --start-at-task begins at one',
    user: 'it is the old name of remote_user: write that',
    with_config: 'there is no ansible.cfg whose settings could be looked up',
    with_csvfile: `files of the controller are no lists: write a file of variables, and name it in vars_files`,
    with_env: "an expression reads the environment: loop: <%= [env('NAME')] %>",
    with_file: `files of the controller are no items: ${reading} (command with delegate_to: localhost)`,
    with_ini: 'write a file of variables, and name it in vars_files',
    with_inventory_hostnames: 'an expression knows the groups: loop: <%= groups.NAME %>',
    with_lines: `${reading}: loop: <%= result.stdout_lines %>`,
    with_password: 'ask for it with vars_prompt, or keep it in a file of variables',
    with_pipe: `${reading}: loop: <%= result.stdout_lines %>`,
    with_random_choice: 'a run that chooses at random does not end where a second run begins',
    with_template: 'render it with the module template',
    with_unvault: 'there is no vault: keep secrets in a file of variables that only you may read',
    with_url: 'fetch it with the module uri, and register what it says',
    with_varnames: 'an expression knows the variables: loop: <%= Object.keys(vars) %>',
    with_vars: 'an expression knows the variables: loop: <%= [vars.NAME] %>',
  }),
)

/** Does a task loop by this keyword? */
export function isLoop(key: string): boolean {
  return key === 'loop' || key.startsWith('with_')
}
