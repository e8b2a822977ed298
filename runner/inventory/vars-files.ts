import { join } from 'node:path'
import type { Report } from '../errors.js'
import type { DirectoryEntry, Files } from '../syntax/files.js'
import { asMapping } from '../syntax/read.js'
import { parseYaml } from '../syntax/yaml.js'
import type { Layer, LayerName } from '../vars/layers.js'
import { variablesFromNode } from '../vars/variables.js'

/** Where a pair of `group_vars` and `host_vars` stands. */
type Place = 'inventory' | 'playbook'

/** The variables of the files beside an inventory or a playbook. */
export interface VarsFolders {
  readonly place: Place
  readonly groups: ReadonlyMap<string, readonly Layer[]>
  readonly hosts: ReadonlyMap<string, readonly Layer[]>
}

interface Known {
  readonly hosts: ReadonlyMap<string, unknown>
  readonly groups: ReadonlyMap<string, unknown>
  readonly files: Files
  readonly report: Report
}

/** The endings that a file of variables may have, in the order in which they are tried. */
const endings = ['', '.yml', '.yaml', '.json']

/** Read `group_vars/` and `host_vars/` of a folder, for the groups and hosts that there are. */
export function readVarsFolders(dir: string, place: Place, known: Known): VarsFolders {
  const groupLayer = (name: string): LayerName =>
    name === 'all' ? `${place}-group-vars-all` : `${place}-group-vars-files`
  const hosts = new Set([...known.hosts.keys(), 'localhost'])
  return {
    place,
    groups: readFolder(join(dir, 'group_vars'), known.groups.keys(), groupLayer, known),
    hosts: readFolder(join(dir, 'host_vars'), hosts, () => `${place}-host-vars-files`, known),
  }
}

function readFolder(
  dir: string,
  names: Iterable<string>,
  layerName: (name: string) => LayerName,
  known: Known,
): ReadonlyMap<string, readonly Layer[]> {
  const entries = new Map((known.files.list(dir) ?? []).map((entry) => [entry.name, entry]))
  const found = new Map<string, Layer[]>()
  if (entries.size === 0) return found
  for (const name of names) {
    const paths = pathsFor(dir, name, entries, known)
    const layers = paths.flatMap((path) => readLayer(path, layerName(name), known))
    if (layers.length > 0) found.set(name, layers)
  }
  return found
}

/** Ansible takes the first that is there; a second one would never be read, so it is warned of. */
function pathsFor(dir: string, name: string, entries: Map<string, DirectoryEntry>, known: Known): string[] {
  const [first, ...others] = endings.flatMap((ending) => entries.get(name + ending) ?? [])
  if (!first) return []
  for (const other of others)
    known.report({
      code: 'inventory',
      message: `${join(dir, other.name)} is not read, because ${join(dir, first.name)} is there`,
      hint: 'keep one of them, or make a folder that holds both',
      severity: 'warning',
    })
  return first.isDirectory ? filesBelow(join(dir, first.name), known.files) : [join(dir, first.name)]
}

/** The files of a folder of variables, those of the folders in it too, by name; hidden ones and copies of editors are left out. */
export function filesBelow(dir: string, files: Files): string[] {
  const entries = (files.list(dir) ?? []).filter(({ name }) => !name.startsWith('.') && !name.endsWith('~'))
  return entries.flatMap(({ name, isDirectory }) => {
    if (isDirectory) return filesBelow(join(dir, name), files)
    return /^[^.]+$|\.(?:yml|yaml|json)$/.test(name) ? [join(dir, name)] : []
  })
}

function readLayer(path: string, name: LayerName, { files, report }: Known): Layer[] {
  const file = files.read(path)
  const root = file && parseYaml(file, report)
  const mapping = root && asMapping(root, path, report)
  if (!mapping) return []
  return [{ name, vars: variablesFromNode(mapping, name, report, { jinja: 'inventory', note: path }) }]
}
