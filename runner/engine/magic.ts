import { dirname } from 'node:path'
import { type Compiled, EvaluationError, omit, type Scope } from '../expression/index.js'
import { lookedElsewhere, lookedOutside } from '../expression/remembered.js'
import type { LoadedInventory } from '../inventory/index.js'
import type { RoleInfo } from '../plan/plan.js'
import type { Layer } from '../vars/layers.js'
import type { MagicName } from '../vars/magic.js'
import type { Magic } from '../vars/scope.js'
import type { Batch, Run } from './context.js'
import type { HostRun } from './host.js'

export interface ScopeParts {
  readonly role?: RoleInfo | undefined
  readonly layers?: readonly Layer[]
  /** What the task's keyword says, outer to inner. */
  readonly environment?: readonly Compiled[] | undefined
  /** The file of the task. */
  readonly file?: string | undefined
}

/** Where in a run a variable is asked for. */
interface Place {
  readonly run: Run
  readonly batch: Batch
  readonly host: HostRun
  readonly parts: ScopeParts
  /** What can be named for another host. */
  readonly scopeOf: (other: HostRun) => Scope
}

type Computed = (place: Place) => unknown

const inRole = {
  role_name: ({ name }) => name,
  role_path: ({ path }) => path,
  ansible_role_name: ({ name }) => name,
  ansible_parent_role_names: ({ parents }) => parents.map(({ name }) => name),
  ansible_parent_role_paths: ({ parents }) => parents.map(({ path }) => path),
} satisfies Partial<Record<MagicName, (role: RoleInfo) => unknown>>

const afterFailure = {
  ansible_failed_task: ({ task }) => ({ name: task }),
  ansible_failed_result: ({ result }) => result,
} satisfies Partial<Record<MagicName, (failure: NonNullable<HostRun['failure']>) => unknown>>

/** `vars` is the expression's own; a loop sets its two itself. */
type ElsewhereName = 'vars' | 'ansible_loop_var' | 'ansible_index_var'
type AlwaysName = Exclude<MagicName, keyof typeof inRole | keyof typeof afterFailure | ElsewhereName>

const always: Readonly<Record<AlwaysName, Computed>> = {
  inventory_hostname: ({ host }) => host.name,
  inventory_hostname_short: ({ host }) => host.name.split('.')[0],
  group_names: ({ run, host }) => run.inventory.current.groupNames(host.name),
  groups: ({ run }) => groupsOf(run),
  hostvars: hostVariables,
  inventory_dir: ({ run }) => run.inventory.current.dir,
  inventory_file: ({ run, host }) => run.inventory.current.fileOf(host.name),
  playbook_dir: ({ batch }) => batch.play.playbookDir,
  ansible_play_role_names: ({ batch }) => batch.play.roleNames.named,
  ansible_dependent_role_names: ({ batch }) => batch.play.roleNames.dependencies,
  ansible_role_names: ({ batch }) => [...new Set(Object.values(batch.play.roleNames).flat())],
  ansible_play_name: ({ batch }) => batch.playName,
  ansible_play_hosts: ({ run, batch }) => alive(run, batch.allHosts),
  ansible_play_hosts_all: ({ batch }) => batch.allHosts,
  ansible_play_batch: hostsOfBatch,
  play_hosts: hostsOfBatch,
  ansible_search_path: searchPath,
  tsplay_version: ({ run }) => run.options.version,
  ansible_check_mode: ({ run }) => run.options.check,
  ansible_diff_mode: ({ run }) => run.options.diff,
  ansible_forks: ({ run }) => run.options.forks,
  ansible_run_tags: ({ run }) => (run.options.tags.length > 0 ? run.options.tags : ['all']),
  ansible_skip_tags: ({ run }) => run.options.skipTags,
  ansible_limit: ({ run }) => run.options.limit,
  ansible_verbosity: ({ run }) => run.options.verbosity,
  facts: ({ host }) => factsOf(host),
  omit: () => omit,
}

/** The magic variables at a place. Every task makes a scope or two on every host: nothing is computed before it is asked for. */
export function magicOf(place: Place): Magic {
  const { role } = place.parts
  const { failure } = place.host
  const get = (name: string): (() => unknown) | undefined => {
    const compute = own(always, name)
    if (compute) return () => compute(place)
    const ofRole = role && own(inRole, name)
    if (ofRole) return () => ofRole(role)
    const ofFailure = failure && own(afterFailure, name)
    return ofFailure && (() => ofFailure(failure))
  }
  return {
    get,
    has: (name) => get(name) !== undefined,
    keys: () =>
      [always, role ? inRole : {}, failure ? afterFailure : {}].flatMap((table) => Object.keys(table)),
  }
}

function own<T>(table: Readonly<Record<string, T | undefined>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

function alive(run: Run, hosts: readonly string[]): string[] {
  const gone: ReadonlySet<string> = new Set(['failed', 'unreachable'])
  return hosts.filter((name) => !gone.has(run.hosts.get(name)?.state ?? 'alive'))
}

function hostsOfBatch({ run, batch }: Place): string[] {
  return alive(
    run,
    batch.hosts.map(({ name }) => name),
  )
}

/** The role's folder, that of the file of tasks, the playbook's (Ansible's order). */
function searchPath({ batch, parts: { role, file } }: Place): string[] {
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

type Groups = Readonly<Record<string, readonly string[]>>

const groupsIn = new WeakMap<LoadedInventory, Groups>()

function groupsOf(run: Run): Groups {
  const inventory = run.inventory.current
  const groups =
    groupsIn.get(inventory) ??
    Object.fromEntries([...inventory.groups.keys()].map((name) => [name, inventory.hostsOf(name)]))
  groupsIn.set(inventory, groups)
  return groups
}

/** `hostvars[name]`: each host's variables, looked up when they are asked for. */
function hostVariables({ run, scopeOf }: Place): object {
  const views = new Map<string, object>()
  return lazyObject({
    names: () => [...run.hosts.keys()],
    has: (name) => run.hosts.has(name),
    get: (name) => {
      const other = run.hosts.get(name)
      if (!other) {
        lookedOutside()
        return undefined
      }
      const view = views.get(name) ?? viewOf(name, scopeOf(other))
      views.set(name, view)
      return view
    },
  })
}

function viewOf(host: string, scope: Scope): object {
  let known: ReadonlySet<string> | undefined
  const all = (): ReadonlySet<string> => {
    known ??= new Set(scope.names())
    return known
  }
  return lazyObject({
    names: () => [...all()],
    has: (name) => all().has(name),
    get: (name) => {
      const value = scope.lookup(name)?.value
      lookedElsewhere(host, name, value)
      return value
    },
  })
}

interface Properties {
  /** All of them: where they are many, as a host's variables are, dear. */
  names(): string[]
  has(name: string): boolean
  /** Undefined where there is none of that name. */
  get(name: string): unknown
}

/** A read-only object whose properties are computed when they are read. */
function lazyObject({ names, has, get }: Properties): object {
  const isThere = (name: string | symbol): name is string => {
    lookedOutside()
    return typeof name === 'string' && has(name)
  }
  return new Proxy(Object.create(null) as object, {
    get: (_, name) => (typeof name === 'string' ? get(name) : undefined),
    has: (_, name) => isThere(name),
    ownKeys: () => {
      lookedOutside()
      return names()
    },
    getOwnPropertyDescriptor: (_, name) =>
      isThere(name) ? { value: get(name), enumerable: true, configurable: true } : undefined,
  })
}
