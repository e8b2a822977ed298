import { type Diagnostic, formatDiagnostic, InputError } from '../errors.js'
import { type Addition, type LoadedInventory, readHostKey } from '../inventory/index.js'
import { ModuleFailure } from '../modules/module.js'
import { diskFiles } from '../syntax/files.js'
import { createHostRun, type HostRun } from './host.js'

/** The inventory of a run, which may grow while it goes on. */
export interface LiveInventory {
  readonly current: LoadedInventory
  /** Hosts of later plays must be asked for again. */
  readonly hasChanged: boolean
  /** @throws ModuleFailure with what is wrong with the name, or with the variables of a group that is now there */
  add(addition: Addition): void
  /** Reads the sources anew and puts in again what was added. @throws ModuleFailure with the mistakes in them */
  refresh(): void
}

export function createLiveInventory(loaded: LoadedInventory, hosts: Map<string, HostRun>): LiveInventory {
  const additions: Addition[] = []
  let current = loaded
  let hasChanged = false
  const take = (change: (report: (diagnostic: Diagnostic) => void) => LoadedInventory): void => {
    current = withoutMistakes(change)
    hasChanged = true
    for (const name of current.hosts.keys()) if (!hosts.has(name)) hosts.set(name, createHostRun(name))
  }
  return {
    get current() {
      return current
    },
    get hasChanged() {
      return hasChanged
    },
    add(addition) {
      const one = named(addition)
      additions.push(one)
      if (!isKnown(current, one)) take((report) => current.grown([one], report))
    },
    refresh: () => take((report) => current.reread(diskFiles(), report).grown(additions, report)),
  }
}

/** Nothing would change: `group_by` of a host that is in the group. */
function isKnown({ hosts, groups }: LoadedInventory, { host, groups: wanted, vars }: Addition): boolean {
  return hosts.has(host) && vars.size === 0 && wanted.every((group) => groups.get(group)?.hosts.has(host))
}

/** `host:port` names the port too, as in inventory files. */
function named(addition: Addition): Addition {
  try {
    const { names, port } = readHostKey(addition.host)
    if (names.length !== 1) throw new ModuleFailure(`'${addition.host}' is not one host`)
    const vars = port === undefined ? addition.vars : new Map([['ansible_port', port], ...addition.vars])
    return { ...addition, host: names[0]!, vars }
  } catch (error) {
    if (error instanceof ModuleFailure) throw error
    throw new ModuleFailure(`no host can be named '${addition.host}': ${(error as Error).message}`)
  }
}

function withoutMistakes<T>(work: (report: (diagnostic: Diagnostic) => void) => T): T {
  const found: Diagnostic[] = []
  try {
    const result = work((diagnostic) => found.push(diagnostic))
    const errors = found.filter(({ severity }) => severity !== 'warning')
    if (errors.length === 0) return result
    throw new ModuleFailure(errors.map(formatDiagnostic).join('\n'))
  } catch (error) {
    if (error instanceof InputError) throw new ModuleFailure(error.message)
    throw error
  }
}
