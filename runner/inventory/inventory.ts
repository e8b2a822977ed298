import type { Report } from '../errors.js'
import type { Files } from '../syntax/files.js'
import type { Layer, Variable } from '../vars/layers.js'

export interface InventoryHost {
  readonly name: string
  /** The groups that name it themselves. */
  readonly groups: ReadonlySet<string>
  /** Variables from inventory files. */
  readonly vars: ReadonlyMap<string, Variable>
}

export interface Group {
  readonly name: string
  readonly parents: ReadonlySet<string>
  readonly children: ReadonlySet<string>
  /** The hosts that it names itself, in the order of the files. */
  readonly hosts: ReadonlySet<string>
  /** The longest way down from `all`, which has 0. */
  readonly depth: number
  /** `ansible_group_priority`: among groups of the same depth the higher one wins. */
  readonly priority: number
  readonly vars: ReadonlyMap<string, Variable>
}

/** A host that a run adds, or puts into groups (`add_host`, `group_by`). */
export interface Addition {
  readonly host: string
  readonly groups: readonly string[]
  /** What the groups are below, where they are not yet; without any, `all`. */
  readonly parents: readonly string[]
  readonly vars: ReadonlyMap<string, unknown>
}

/** All hosts and groups, with the variables that belong to them. */
export interface Inventory {
  readonly hosts: ReadonlyMap<string, InventoryHost>
  readonly groups: ReadonlyMap<string, Group>
  /** The folder of the first inventory file; the working directory where there is none. */
  readonly dir: string
  /** The file, or program, that a host was first named in; nothing for a host of a list. */
  fileOf(host: string): string | undefined
  /** The hosts of a group and of all groups below, in the order of the files. */
  hostsOf(group: string): readonly string[]
  /** The groups that a host is in, sorted, without `all`. */
  groupNames(host: string): readonly string[]
  /** The variables of a host in Ansible's order of precedence. `localhost` is there even where no file names it. */
  layersFor(host: string): readonly Layer[]
  /** The variables that a group has itself, from inventory files and `group_vars`. */
  groupLayers(group: string): readonly Layer[]
}

/** An inventory that can change while a run goes on. */
export interface LoadedInventory extends Inventory {
  /** The same with more in it, in the place of this one. Mistakes of `group_vars` of new groups are reported. */
  grown(additions: readonly Addition[], report: Report): LoadedInventory
  /** Its sources read anew, from the disk as `files` sees it; programs are run again. */
  reread(files: Files, report: Report): LoadedInventory
}

/** Names of the controller itself: a pattern may name them although no inventory does. */
export const localNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])
