import type { Report } from '../errors.js'
import type { Compiled } from '../expression/compiled.js'
import { compileExpression, compileNode } from '../expression/index.js'
import type { Files } from '../syntax/files.js'
import type { MappingEntry, MappingNode, Node } from '../syntax/node.js'
import type { Layer } from '../vars/layers.js'
import type { Handler, Keywords, PlanNode, RoleInfo } from './plan.js'
import type { Role } from './role.js'

/** What is the same for everything that is read in one run. */
export interface Reader {
  readonly files: Files
  readonly report: Report
  /** `-e`. */
  readonly extraVars: Layer
  /** Folders that roles are looked for in, after those beside the playbook. */
  readonly rolePaths: readonly string[]
  /** Roles that were read without a mistake, by their folder and the files that were asked for. */
  readonly roles: Map<string, Role>
  /** Reads `import_…` and `include_…`: tasks and what they bring in hold each other. */
  readonly readDirective: (
    name: string,
    entry: MappingEntry,
    mapping: MappingNode,
    around: Surroundings,
    reader: Reader,
  ) => PlanNode[]
  /** A fresh number for each task, and for each place in a play. */
  nextId(): number
}

/** What surrounds the tasks that are read: inherited keywords, variables, the role, and where files are looked for. */
export interface Surroundings {
  readonly keywords: Keywords
  readonly layers: readonly Layer[]
  readonly role?: RoleInfo | undefined
  /** The folder of the file that is read: what `import_tasks` is relative to. */
  readonly dir: string
  readonly playbookDir: string
  /** Files that are being read, outermost first: an import of one of them is a cycle. */
  readonly chain: readonly string[]
  readonly handler: boolean
  /** What the play gets from roles that its tasks bring in. */
  readonly play: PlayParts
}

/** What can be named before the run, where no host is in sight: variables of the play, the role and the task. */
export interface InSight {
  readonly layers: readonly Layer[]
  readonly playbookDir: string
  readonly role?: RoleInfo | undefined
}

/** Filled while a play's tasks are read, and by includes that are read in the run. */
export interface PlayParts {
  /** The play's own surroundings, which handlers of roles have. */
  readonly around: () => Surroundings
  /** Variables of the play's own, which what it imports can be named by. */
  readonly known: readonly Layer[]
  /** Variables that hold in the whole play (`import_role`). */
  readonly layers: Layer[]
  readonly secrets: Set<string>
  /** Handlers of roles, then the play's own: a later source wins. */
  readonly handlers: Handler[]
  /** How many of them are the roles'. */
  roleHandlers: number
  /** Files of handlers that were read. */
  readonly handlerFiles: Set<string>
}

/** What the names of imports may be templates over. */
export function inSight({ play, layers, playbookDir, role }: Surroundings): InSight {
  return { layers: [...play.known, ...layers], playbookDir, role }
}

/** A condition, or a list of them that must all hold; YAML booleans are conditions too. */
export function readConditions(node: Node, reader: Reader): Compiled[] {
  const nodes = node.kind === 'sequence' ? node.items : [node]
  return nodes.flatMap((item) => {
    if (item.kind === 'scalar' && typeof item.value === 'boolean') return [compileNode(item, reader.report)]
    const compiled = readExpression(item, reader)
    return compiled ? [compiled] : []
  })
}

/** A bare JavaScript expression. */
export function readExpression(node: Node, reader: Reader): Compiled | undefined {
  if (node.kind !== 'scalar' || node.value === null) {
    reader.report({ code: 'structure', message: 'expected a JavaScript expression', span: node.span })
    return undefined
  }
  const text = typeof node.value === 'string' ? node.value : node.raw
  const tag = /^\s*<%=([\s\S]*)%>\s*$/.exec(text)
  if (tag) {
    reader.report({
      code: 'expression',
      message: 'a condition is a bare expression, without <%= %>',
      span: node.span,
      hint: `write: ${tag[1]!.trim()}`,
    })
    return undefined
  }
  return compileExpression(text, node.span, reader.report)
}

/** One name or a list of names (`notify`, `listen`). */
export function readNames(node: Node, reader: Reader): Compiled[] {
  return (node.kind === 'sequence' ? node.items : [node]).map((item) => readValue(item, reader))
}

/** A value with templates in it, as playbooks and roles write it. */
export function readValue(node: Node, reader: Reader): Compiled {
  return compileNode(node, reader.report)
}
