import type { AnyNode, Node } from 'acorn'
import { bindingsOf, boundNames, children } from './patterns.js'

/** Something in JavaScript that is refused, with its offsets in the parsed text. */
interface Finding {
  readonly message: string
  readonly hint?: string | undefined
  readonly start: number
  readonly end: number
}

/** What was found in a piece of JavaScript. */
export interface Analysis {
  /** Names that nothing in the text itself binds, with the first place of each. */
  readonly free: ReadonlyMap<string, Node>
  readonly findings: readonly Finding[]
}

/** What the analysis leaves to whoever generated the code. */
export interface WalkOptions {
  /** An assignment that the generator wrote itself. */
  readonly isOwnAssignment?: (node: AnyNode) => boolean
  /** Names that no declaration may take. */
  readonly reserved?: ReadonlySet<string>
}

interface Walk {
  readonly free: Map<string, Node>
  readonly findings: Finding[]
  readonly options: WalkOptions
}

type Bound = ReadonlySet<string>

/** Find the free names of a parsed text, and what is not allowed in it. */
export function analyse(root: AnyNode, options: WalkOptions = {}): Analysis {
  const walk: Walk = { free: new Map(), findings: [], options }
  visit(root, new Set(), walk)
  return walk
}

function visit(node: AnyNode, outer: Bound, walk: Walk): void {
  refuse(node, walk)
  const names = bindingsOf(node)
  for (const name of names)
    if (walk.options.reserved?.has(name))
      report(walk, node, `${name} is a name that templates use for themselves`)
  const bound = names.length > 0 ? new Set([...outer, ...names]) : outer
  if (node.type === 'Identifier') {
    if (!bound.has(node.name) && !walk.free.has(node.name)) walk.free.set(node.name, node)
    return
  }
  checkAssignment(node, bound, walk)
  for (const child of references(node)) visit(child, bound, walk)
}

/** The children that are evaluated: names of members, keys and labels are not references. */
function references(node: AnyNode): AnyNode[] {
  switch (node.type) {
    case 'MemberExpression':
      return node.computed ? [node.object, node.property] : [node.object]
    case 'Property':
    case 'PropertyDefinition':
    case 'MethodDefinition':
      return [...(node.computed ? [node.key] : []), ...(node.value ? [node.value] : [])] as AnyNode[]
    case 'LabeledStatement':
      return [node.body]
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'MetaProperty':
      return []
    default:
      return children(node)
  }
}

const refused: Readonly<Record<string, string>> = {
  AwaitExpression: 'await cannot be used here',
  ForAwaitStatement: 'await cannot be used here',
  ImportExpression: 'import() cannot be used here',
  ThisExpression: 'this has no meaning here',
  MetaProperty: 'new.target and import.meta have no meaning here',
  Super: 'super has no meaning here',
  DebuggerStatement: 'debugger cannot be used here',
  ImportDeclaration: 'import cannot be used here',
  ExportNamedDeclaration: 'export cannot be used here',
  ExportDefaultDeclaration: 'export cannot be used here',
  ExportAllDeclaration: 'export cannot be used here',
}

function refuse(node: AnyNode, walk: Walk): void {
  const message = refused[node.type]
  if (message) report(walk, node, message)
  if ('async' in node && node.async) report(walk, node, 'async functions cannot be used here')
}

/** Variables are read only: what is assigned must have been declared in the same text. */
function checkAssignment(node: AnyNode, bound: Bound, walk: Walk): void {
  const target = unwrap(assigned(node))
  if (!target || walk.options.isOwnAssignment?.(node)) return
  const names = target.type === 'MemberExpression' ? rootName(target) : boundNames(target as never)
  for (const name of names)
    if (!bound.has(name)) {
      const comparison = node.type === 'AssignmentExpression' && node.operator === '='
      report(walk, node, `${name} cannot be assigned`, comparison ? 'to compare, write ===' : undefined)
    }
}

function assigned(node: AnyNode): AnyNode | undefined {
  if (node.type === 'AssignmentExpression') return node.left
  if (node.type === 'UpdateExpression') return node.argument
  if (node.type === 'UnaryExpression' && node.operator === 'delete') return node.argument
  const loop = node.type === 'ForInStatement' || node.type === 'ForOfStatement'
  return loop && node.left.type !== 'VariableDeclaration' ? node.left : undefined
}

function unwrap(node: AnyNode | undefined): AnyNode | undefined {
  return node?.type === 'ParenthesizedExpression' ? unwrap(node.expression) : node
}

function rootName(outer: AnyNode): string[] {
  const node = unwrap(outer)!
  if (node.type === 'Identifier') return [node.name]
  return node.type === 'MemberExpression' ? rootName(node.object as AnyNode) : []
}

function report(walk: Walk, node: Node, message: string, hint?: string): void {
  walk.findings.push({ message, hint, start: node.start, end: node.end })
}
