/** Variables that the engine sets itself; they override all others (Ansible's magic variables), with their meaning. */
export const magicVariables = {
  inventory_hostname: "the host's name in the inventory",
  inventory_hostname_short: 'the same up to the first dot',
  group_names: 'the groups that the host is in, sorted, without all',
  groups: 'all groups, each a list of host names',
  hostvars: "any host's variables: hostvars['server-1'].facts.hostname",
  inventory_dir: 'the folder of the first inventory',
  inventory_file: 'the inventory that the host was first named in; undefined for a host of a list',
  playbook_dir: "the playbook's folder",
  role_name: 'the role that the task belongs to',
  role_path: "that role's folder",
  ansible_role_name: 'the same as role_name',
  ansible_parent_role_names: 'the roles whose tasks brought this one in, the nearest first',
  ansible_parent_role_paths: 'the folders of those roles',
  ansible_play_role_names: 'the roles that the play names under roles',
  ansible_dependent_role_names: 'the roles that those depend on',
  ansible_role_names: 'both',
  ansible_play_name: "the play's name",
  ansible_play_hosts: 'hosts of the play that have not failed',
  ansible_play_hosts_all: 'all hosts of the play',
  ansible_play_batch: 'hosts of the batch that is running and have not failed',
  play_hosts: 'the same as ansible_play_batch',
  ansible_search_path: 'the folders that files of the task are looked for in',
  ansible_loop_var: 'in a loop: the name of the variable that holds the item',
  ansible_index_var: 'in a loop with index_var: the name of that variable',
  tsplay_version: 'the version of tsplay',
  ansible_check_mode: 'true in check mode',
  ansible_diff_mode: 'true in diff mode',
  ansible_forks: 'how many hosts work at once',
  ansible_run_tags: 'what --tags names; [all] without it',
  ansible_skip_tags: 'what --skip-tags names',
  ansible_limit: 'what --limit says; undefined without it',
  ansible_verbosity: 'how many -v were given',
  ansible_failed_task: 'in a rescue, and after it: the task that failed',
  ansible_failed_result: 'in a rescue, and after it: its result',
  facts: 'what was found on the host (tsplay doc setup)',
  omit: 'as the value of an argument: as if it were not there',
  vars: 'every variable by name; an absent one is undefined',
} as const

/** The mappings of the keyword `environment`, outer to inner, where no variable of that name is defined. */
export const environmentName = 'environment'

export type MagicName = keyof typeof magicVariables

export const magicNames: ReadonlySet<string> = new Set(Object.keys(magicVariables))
