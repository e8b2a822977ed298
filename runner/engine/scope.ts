import { dirname } from 'node:path'
import { type Compiled, constant, EvaluationError, omit, type Scope } from '../expression/index.js'
import type { RoleInfo } from '../plan/plan.js'
import type { Layer } from '../vars/layers.js'
import { environmentName, type MagicName } from '../vars/magic.js'
import { createScope, type HostScope } from '../vars/scope.js'
import type { Batch, Run } from './context.js'
import type { HostRun } from './host.js'
import { type FilesOfHost, filesOfHost } from './host-vars-files.js'

export interface ScopeParts {
  readonly role?: RoleInfo | undefined
  readonly layers?: readonly Layer[]
  /** What the task's keyword says, outer to inner. */
  readonly environment?: readonly Compiled[] | undefined
  /** The file of the task. */
  readonly file?: string | undefined
}

/** Everything that a task on a host can name. */
export function taskScope(run: Run, batch: Batch, host: HostRun, parts: ScopeParts = {}): HostScope {
  const layers: Layer[] = [
    environmentLayer(parts.environment ?? batch.play.keywords.environment),
    ...run.inventory.current.layersFor(host.name),
    ...playLayers(run, batch, host),
    ...host.exposed,
    layerOf('vars-prompt', batch.playVars),
    ...(parts.layers ?? []),
    { name: 'include-vars', vars: host.included },
    { name: 'set-fact', vars: wrap(host.variables, 'set-fact') },
    layerOf('extra-vars', run.options.extraVars),
  ]
  return createScope(layers, magicOf(run, batch, host, parts))
}

/** `environment` as a variable: evaluated where it is asked for, so that it may name the item of a loop. */
function environmentLayer(environment: readonly Compiled[]): Layer {
  const value: Compiled = {
    names: new Set(environment.flatMap(({ names }) => [...names])),
    evaluate: (scope) => environment.flatMap((each) => each.evaluate(scope)),
  }
  return {
    name: 'command-line',
    vars: new Map([[environmentName, { value, origin: { layer: 'command-line' } }]]),
  }
}

/** The play's layers, with the files of variables that are the host's own. */
function playLayers(run: Run, batch: Batch, host: HostRun): readonly Layer[] {
  const { layers, varsFilesOfHosts } = batch.play
  if (varsFilesOfHosts.length === 0) return layers
  const { layers: own } = varsFilesOf(run, batch, host)
  return layers.map((layer) => own.get(layer) ?? layer)
}

/** What `vars_files` gives a host: its names see the inventory, the facts, the play's variables and `-e`. */
export function varsFilesOf(run: Run, batch: Batch, host: HostRun): FilesOfHost {
  const { varsFilesOfHosts, layers } = batch.play
  return filesOfHost(varsFilesOfHosts, host, () =>
    createScope(
      [
        ...run.inventory.current.layersFor(host.name),
        ...layers,
        layerOf('vars-prompt', batch.playVars),
        layerOf('extra-vars', run.options.extraVars),
      ],
      magicOf(run, batch, host, {}),
    ),
  )
}

/** Plain data as a layer: never looked into. */
export function layerOf(name: Layer['name'], values: ReadonlyMap<string, unknown>): Layer {
  return { name, vars: wrap(new Map([...values].map(([key, value]) => [key, constant(value)])), name) }
}

function wrap(values: ReadonlyMap<string, Compiled>, layer: Layer['name']): Layer['vars'] {
  return new Map([...values].map(([key, value]) => [key, { value, origin: { layer } }]))
}

function magicOf(
  run: Run,
  batch: Batch,
  host: HostRun,
  parts: ScopeParts,
): ReadonlyMap<string, () => unknown> {
  const inventory = run.inventory.current
  const { role } = parts
  const alive = (hosts: Iterable<string>): string[] =>
    [...hosts].filter((name) => !['failed', 'unreachable'].includes(run.hosts.get(name)?.state ?? 'alive'))
  const magic: Record<Exclude<MagicName, 'vars'>, (() => unknown) | undefined> = {
    inventory_hostname: () => host.name,
    inventory_hostname_short: () => host.name.split('.')[0],
    group_names: () => inventory.groupNames(host.name),
    groups: () => groupsOf(run),
    hostvars: () => hostVariables(run, batch),
    inventory_dir: () => inventory.dir,
    inventory_file: () => inventory.fileOf(host.name),
    playbook_dir: () => batch.play.playbookDir,
    role_name: role && (() => role.name),
    role_path: role && (() => role.path),
    ansible_role_name: role && (() => role.name),
    ansible_parent_role_names: role && (() => role.parents.map((parent) => parent.name)),
    ansible_parent_role_paths: role && (() => role.parents.map((parent) => parent.path)),
    ansible_play_role_names: () => batch.play.roleNames.named,
    ansible_dependent_role_names: () => batch.play.roleNames.dependencies,
    ansible_role_names: () => [...new Set(Object.values(batch.play.roleNames).flat())],
    ansible_play_name: () => batch.playName,
    ansible_play_hosts: () => alive(batch.allHosts),
    ansible_play_hosts_all: () => batch.allHosts,
    ansible_play_batch: () => alive(batch.hosts.map((other) => other.name)),
    play_hosts: () => alive(batch.hosts.map((other) => other.name)),
    ansible_search_path: () => searchPath(batch, parts),
    ansible_loop_var: undefined,
    ansible_index_var: undefined,
    tsplay_version: () => run.options.version,
    ansible_check_mode: () => run.options.check,
    ansible_diff_mode: () => run.options.diff,
    ansible_forks: () => run.options.forks,
    ansible_run_tags: () => (run.options.tags.length > 0 ? run.options.tags : ['all']),
    ansible_skip_tags: () => run.options.skipTags,
    ansible_limit: () => run.options.limit,
    ansible_verbosity: () => run.options.verbosity,
    ansible_failed_task: host.failure && (() => ({ name: host.failure?.task })),
    ansible_failed_result: host.failure && (() => host.failure?.result),
    facts: () => factsOf(host),
    omit: () => omit,
  }
  const known = new Map<string, () => unknown>()
  for (const [name, get] of Object.entries(magic)) if (get) known.set(name, get)
  return known
}

/** The role's folder, that of the file of tasks, the playbook's (Ansible's order). */
function searchPath(batch: Batch, { role, file }: ScopeParts): string[] {
  const folders = [role?.path, file && dirname(file), batch.play.playbookDir]
  return [...new Set(folders.flatMap((folder) => folder ?? []))]
}

function factsOf(host: HostRun): unknown {
  if (host.facts) return host.facts
  throw new EvaluationError(
    `the facts of ${host.name} were not gathered`,
    undefined,
    "let the play gather facts, or run a play with 'gather_facts: true' on that host before",
  )
}

function groupsOf(run: Run): Record<string, readonly string[]> {
  const inventory = run.inventory.current
  return Object.fromEntries([...inventory.groups.keys()].map((name) => [name, inventory.hostsOf(name)]))
}

/** `hostvars[name]`: each host's variables, looked up when they are asked for. */
function hostVariables(run: Run, batch: Batch): object {
  const views = new Map<string, object>()
  return lazyObject([...run.hosts.keys()], (name) => {
    const other = run.hosts.get(name)
    if (!other) return undefined
    const view = views.get(name) ?? viewOf(taskScope(run, batch, other))
    views.set(name, view)
    return view
  })
}

function viewOf(scope: Scope): object {
  return lazyObject([...new Set(scope.names())], (name) => scope.lookup(name)?.value)
}

/** A read-only object whose properties are computed when they are read. */
function lazyObject(names: readonly string[], get: (name: string) => unknown): object {
  const known = new Set(names)
  return new Proxy(Object.create(null) as object, {
    get: (_, name) => (typeof name === 'string' && known.has(name) ? get(name) : undefined),
    has: (_, name) => typeof name === 'string' && known.has(name),
    ownKeys: () => [...known],
    getOwnPropertyDescriptor: (_, name) =>
      typeof name === 'string' && known.has(name)
        ? { value: get(name), enumerable: true, configurable: true }
        : undefined,
  })
}
