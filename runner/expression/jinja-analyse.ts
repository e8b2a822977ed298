import { didYouMean } from '../errors.js'
import { filterNames, lenientFilters } from './jinja-filters.js'
import type { JinjaNode } from './jinja-package.js'

/** What is known of a template before it is evaluated. */
export interface JinjaAnalysis {
  /** Names that must be defined by somebody else. */
  readonly required: ReadonlySet<string>
  /** Nodes whose value may be undefined: what `default` and `is defined` look at. */
  readonly lenient: WeakSet<object>
  /** Nodes whose value is printed. */
  readonly printed: WeakSet<object>
  readonly problems: readonly {
    readonly message: string
    readonly hint?: string | undefined
    readonly word: string
  }[]
}

interface Walk extends JinjaAnalysis {
  readonly required: Set<string>
  readonly bound: Set<string>
  readonly problems: { message: string; hint?: string | undefined; word: string }[]
}

/** Functions and constants that every template has. */
const provided = new Set([
  'range',
  'namespace',
  'true',
  'false',
  'none',
  'True',
  'False',
  'None',
  'loop',
  'caller',
])

const tests = new Set(
  'boolean callable odd even false true none string number integer iterable mapping sequence lower upper defined undefined'.split(
    ' ',
  ),
)

/** Walk the tree once: free names, what may be undefined, and filters and functions that there are not. */
export function analyseJinja(program: JinjaNode): JinjaAnalysis {
  const walk: Walk = {
    required: new Set(),
    bound: new Set(provided),
    lenient: new WeakSet(),
    printed: new WeakSet(),
    problems: [],
  }
  bind(program, walk.bound)
  visit(program, walk)
  return walk
}

function isNode(value: unknown): value is JinjaNode {
  return typeof value === 'object' && value !== null && typeof (value as JinjaNode).type === 'string'
}

function children(node: JinjaNode): JinjaNode[] {
  return Object.values(node).flatMap((value) => {
    if (value instanceof Map) return [...value].flat().filter(isNode)
    if (Array.isArray(value)) return value.filter(isNode)
    return isNode(value) ? [value] : []
  })
}

/** Names that the template itself gives values to, anywhere in it. */
function bind(node: JinjaNode, bound: Set<string>): void {
  const targets = [node.loopvar, node.assignee, ...(node.type === 'Macro' ? [node.name, node.args] : [])]
  for (const target of targets.flat().filter(isNode))
    for (const name of [target, ...children(target)])
      if (name.type === 'Identifier') bound.add(String(name.value))
  for (const child of children(node)) bind(child, bound)
}

function visit(node: JinjaNode, walk: Walk): void {
  for (const list of [node.body, node.alternate, node.defaultBlock])
    if (Array.isArray(list)) for (const statement of list) walk.printed.add(statement as object)
  if (node.type === 'Identifier') {
    const name = String(node.value)
    if (!walk.bound.has(name) && !walk.lenient.has(node)) walk.required.add(name)
    return
  }
  for (const child of parts(node, walk)) visit(child, walk)
}

/** The children that are evaluated; names of filters, tests, members and arguments are not. */
function parts(node: JinjaNode, walk: Walk): JinjaNode[] {
  switch (node.type) {
    case 'FilterExpression':
    case 'FilterStatement':
      return [
        ...visitFilter(node, walk),
        ...(node.type === 'FilterStatement' ? (node.body as JinjaNode[]) : []),
      ]
    case 'TestExpression':
      return visitTest(node, walk)
    case 'MemberExpression': {
      if (walk.lenient.has(node)) walk.lenient.add(node.object as object)
      return [node.object, node.computed ? node.property : undefined].filter(isNode)
    }
    case 'CallExpression':
      return visitCall(node, walk)
    case 'KeywordArgumentExpression':
      return [node.value as JinjaNode]
    default:
      return children(node)
  }
}

function visitFilter(node: JinjaNode, walk: Walk): JinjaNode[] {
  const filter = node.filter as JinjaNode
  const name = String(((filter.callee as JinjaNode | undefined) ?? filter).value)
  if (!filterNames.has(name)) {
    const meant = didYouMean(name, filterNames)
    const hint = meant ? `did you mean ${meant}?` : `filters: ${[...filterNames].join(', ')}`
    walk.problems.push({ message: `there is no filter ${name}`, hint, word: name })
  }
  if (lenientFilters.has(name) && isNode(node.operand)) walk.lenient.add(node.operand)
  return [node.operand, ...((filter.args as unknown[] | undefined) ?? [])].filter(isNode)
}

function visitTest(node: JinjaNode, walk: Walk): JinjaNode[] {
  const name = String((node.test as JinjaNode).value)
  if (!tests.has(name)) {
    const hint = `tests: ${[...tests].join(', ')}`
    walk.problems.push({ message: `there is no test ${name}`, hint, word: name })
  }
  if (name === 'defined' || name === 'undefined') walk.lenient.add(node.operand as object)
  return [node.operand as JinjaNode]
}

function visitCall(node: JinjaNode, walk: Walk): JinjaNode[] {
  const callee = node.callee as JinjaNode
  const args = node.args as JinjaNode[]
  if (callee.type !== 'Identifier') return [callee, ...args]
  const name = String(callee.value)
  if (!walk.bound.has(name)) {
    const hint = 'write the value down, or compute it in a playbook, in JavaScript'
    walk.problems.push({ message: `there is no function ${name}`, hint, word: name })
  }
  return args
}
