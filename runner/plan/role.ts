import { basename, resolve } from 'node:path'
import { didYouMean, type Report } from '../errors.js'
import { filesBelow } from '../inventory/vars-files.js'
import type { MappingNode, Node } from '../syntax/node.js'
import { asBoolean, asMapping } from '../syntax/read.js'
import type { Span } from '../syntax/source.js'
import { parseYaml } from '../syntax/yaml.js'
import type { Layer, Variable } from '../vars/layers.js'
import { variablesFromNode } from '../vars/variables.js'
import type { Reader } from './context.js'
import type { RoleInfo } from './plan.js'
import { type ArgumentSpec, readArgumentSpec } from './role-spec.js'
import { checkFields, expectList, nodeOf } from './structure.js'

/** A role's files, but its tasks and handlers, which are read where the role is used. */
export interface Role extends Pick<RoleInfo, 'name' | 'path'> {
  readonly defaults: Layer
  readonly vars: Layer
  readonly dependencies: readonly Node[]
  readonly allowDuplicates: boolean
  readonly spec: ArgumentSpec | undefined
  readonly tasks: string | undefined
  readonly handlers: string | undefined
}

/** Which files of a role are taken in place of `main`. */
export interface RoleFiles {
  readonly tasks_from?: string
  readonly vars_from?: string
  readonly defaults_from?: string
  readonly handlers_from?: string
}

/** Finds a role by name and reads its `defaults`, `vars` and `meta`, once however many plays it is in. */
export function readRole(
  name: string,
  span: Span,
  playbookDir: string,
  reader: Reader,
  from: RoleFiles = {},
): Role | undefined {
  const path = findRole(name, span, playbookDir, reader)
  if (!path) return undefined
  const key = JSON.stringify([path, from])
  const known = reader.roles.get(key)
  if (known) return known
  let isClean = true
  const report: Report = (diagnostic) => {
    isClean = false
    reader.report(diagnostic)
  }
  const role = roleIn(path, name, span, { ...reader, report }, from)
  if (isClean) reader.roles.set(key, role)
  return role
}

/** What a role says of itself; `galaxy_info` and `collections` are for others than who runs it. */
const metaFields = ['dependencies', 'allow_duplicates', 'argument_specs', 'galaxy_info', 'collections']

function roleIn(path: string, name: string, span: Span, reader: Reader, from: RoleFiles): Role {
  const meta = mainMapping(path, 'meta', reader)
  if (meta) checkFields(meta, metaFields, "a role's meta", reader)
  const duplicates = meta && nodeOf(meta, 'allow_duplicates')
  const file = (folder: Folder): string | undefined =>
    roleFile(path, folder, from[`${folder}_from`], span, reader)
  const spec = readArgumentSpec(path, meta, from.tasks_from, reader)
  const defaults = layerOf(variableFiles(path, 'defaults', from, span, reader), 'role-defaults', reader)
  return {
    name,
    path,
    defaults: spec ? { ...defaults, types: spec.types } : defaults,
    vars: layerOf(variableFiles(path, 'vars', from, span, reader), 'role-vars', reader),
    dependencies: expectList(meta && nodeOf(meta, 'dependencies'), "'dependencies'", reader),
    spec,
    allowDuplicates: (duplicates && asBoolean(duplicates, "'allow_duplicates'", reader.report)) ?? false,
    tasks: file('tasks'),
    handlers: file('handlers'),
  }
}

/** Where roles are looked for: beside the playbook, then the given folders, then those that ship. */
function findRole(name: string, span: Span, playbookDir: string, reader: Reader): string | undefined {
  if (/(^|\/)\.\.(\/|$)/.test(name) || name.startsWith('/')) {
    reader.report({
      code: 'missing-role',
      message: `a role is named, not reached by a path: '${name}'`,
      span,
    })
    return undefined
  }
  const folders = roleFolders(playbookDir, reader)
  const path = roleFolder(name, playbookDir, reader)
  if (path) return path
  const known = folders.flatMap((folder) => reader.files.list(folder) ?? []).map((entry) => entry.name)
  const guess = didYouMean(name, known)
  reader.report({
    code: 'missing-role',
    message: `no role '${name}' in ${folders.join(', ')}`,
    span,
    hint: guess && `did you mean '${guess}'?`,
  })
  return undefined
}

function roleFolders(playbookDir: string, reader: Reader): string[] {
  return [...new Set([resolve(playbookDir, 'roles'), ...reader.rolePaths])]
}

/** The folder of a role, where there is one. */
export function roleFolder(name: string, playbookDir: string, reader: Reader): string | undefined {
  return roleFolders(playbookDir, reader)
    .map((folder) => resolve(folder, name))
    .find((candidate) => reader.files.isDirectory(candidate))
}

type Folder = 'tasks' | 'vars' | 'defaults' | 'handlers'

/** `main`, or the file that is asked for by name, which must be there. */
function roleFile(
  rolePath: string,
  folder: Folder,
  wanted: string | undefined,
  span: Span,
  reader: Reader,
): string | undefined {
  if (wanted === undefined) return mainFile(rolePath, folder, reader)
  const candidates = ['', '.yaml', '.yml', '.json'].map((end) => resolve(rolePath, folder, `${wanted}${end}`))
  const found = candidates.find((candidate) => reader.files.isFile(candidate))
  const known = (reader.files.list(resolve(rolePath, folder)) ?? []).map((entry) =>
    entry.name.replace(/\.\w+$/, ''),
  )
  const guess = didYouMean(wanted, known)
  if (!found)
    reader.report({
      code: 'missing-file',
      message: `no file '${wanted}' in ${resolve(rolePath, folder)}`,
      span,
      hint: guess && `did you mean '${guess}'?`,
    })
  return found
}

/** `<folder>/main.yaml`, `.yml` or `.json`. */
function mainFile(rolePath: string, folder: string, reader: Reader): string | undefined {
  return ['main.yaml', 'main.yml', 'main.json']
    .map((name) => resolve(rolePath, folder, name))
    .find((candidate) => reader.files.isFile(candidate))
}

function mainMapping(rolePath: string, folder: string, reader: Reader): MappingNode | undefined {
  return mappingIn(mainFile(rolePath, folder, reader), reader)
}

function mappingIn(path: string | undefined, reader: Reader): MappingNode | undefined {
  const file = path && reader.files.read(path)
  const node = file && parseYaml(file, reader.report)
  return node ? asMapping(node, basename(path!), reader.report) : undefined
}

/** A folder `main/` stands for the files in it, by name; it wins over a file (Ansible's rule for variables). */
function variableFiles(
  rolePath: string,
  folder: 'defaults' | 'vars',
  from: RoleFiles,
  span: Span,
  reader: Reader,
): string[] {
  const wanted = from[`${folder}_from`]
  const dir = resolve(rolePath, folder, wanted ?? 'main')
  if (reader.files.isDirectory(dir)) return filesBelow(dir, reader.files)
  return [roleFile(rolePath, folder, wanted, span, reader)].filter((path) => path !== undefined)
}

/** Of several files, the later wins. */
function layerOf(paths: readonly string[], layer: 'role-defaults' | 'role-vars', reader: Reader): Layer {
  const vars = new Map<string, Variable>()
  for (const path of paths) {
    const mapping = mappingIn(path, reader)
    for (const [name, value] of mapping ? variablesFromNode(mapping, layer, reader.report) : [])
      vars.set(name, value)
  }
  return { name: layer, vars }
}
