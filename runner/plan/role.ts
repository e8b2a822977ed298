import { resolve } from 'node:path'
import { didYouMean } from '../errors.js'
import type { MappingNode, Node } from '../syntax/node.js'
import { asMapping } from '../syntax/read.js'
import type { Span } from '../syntax/source.js'
import { parseYaml } from '../syntax/yaml.js'
import type { Layer } from '../vars/layers.js'
import { variablesFromNode } from '../vars/variables.js'
import type { Reader } from './context.js'
import type { RoleInfo } from './plan.js'
import { type ArgumentSpec, readArgumentSpec } from './role-spec.js'
import { nodeOf } from './structure.js'

/** A role's files, but its tasks and handlers, which are read where the role is used. */
export interface Role extends RoleInfo {
  readonly defaults: Layer
  readonly vars: Layer
  readonly dependencies: readonly Node[]
  readonly spec: ArgumentSpec | undefined
  readonly tasks: string | undefined
  readonly handlers: string | undefined
}

/** Finds a role by name and reads its `defaults`, `vars` and `meta`. */
export function readRole(name: string, span: Span, playbookDir: string, reader: Reader): Role | undefined {
  const path = findRole(name, span, playbookDir, reader)
  if (!path) return undefined
  const meta = mainMapping(path, 'meta', reader)
  const dependencies = meta && nodeOf(meta, 'dependencies')
  return {
    name,
    path,
    defaults: layerOf(path, 'defaults', 'role-defaults', reader),
    vars: layerOf(path, 'vars', 'role-vars', reader),
    dependencies: dependencies?.kind === 'sequence' ? dependencies.items : [],
    spec: readArgumentSpec(path, meta, reader),
    tasks: mainFile(path, 'tasks', reader),
    handlers: mainFile(path, 'handlers', reader),
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
  const folders = [...new Set([resolve(playbookDir, 'roles'), ...reader.rolePaths])]
  const path = folders
    .map((folder) => resolve(folder, name))
    .find((candidate) => reader.files.isDirectory(candidate))
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

/** `<folder>/main.yaml`, `.yml` or `.json`. */
function mainFile(rolePath: string, folder: string, reader: Reader): string | undefined {
  return ['main.yaml', 'main.yml', 'main.json']
    .map((name) => resolve(rolePath, folder, name))
    .find((candidate) => reader.files.isFile(candidate))
}

function mainMapping(rolePath: string, folder: string, reader: Reader): MappingNode | undefined {
  const path = mainFile(rolePath, folder, reader)
  const file = path && reader.files.read(path)
  const node = file && parseYaml(file, reader.report)
  return node ? asMapping(node, `${folder}/main.yaml`, reader.report) : undefined
}

function layerOf(
  rolePath: string,
  folder: 'defaults' | 'vars',
  layer: 'role-defaults' | 'role-vars',
  reader: Reader,
): Layer {
  const mapping = mainMapping(rolePath, folder, reader)
  return { name: layer, vars: mapping ? variablesFromNode(mapping, layer, reader.report) : new Map() }
}
