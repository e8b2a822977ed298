import type { AnyNode, Function as FunctionNode, Pattern, Program } from 'acorn'

/** The names that a parameter, a declaration or a destructuring binds. */
export function boundNames(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name]
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === 'RestElement' ? property.argument : property.value),
      )
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? boundNames(element) : []))
    case 'RestElement':
      return boundNames(pattern.argument)
    case 'AssignmentPattern':
      return boundNames(pattern.left)
    default:
      return []
  }
}

/** The nodes directly below, whatever the kind of node. */
export function children(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = []
  for (const value of Object.values(node) as unknown[])
    for (const item of Array.isArray(value) ? value : [value])
      if (item !== null && typeof item === 'object' && typeof (item as AnyNode).type === 'string')
        found.push(item as AnyNode)
  return found
}

function isFunction(node: AnyNode): node is FunctionNode & AnyNode {
  return /^(?:ArrowFunctionExpression|FunctionExpression|FunctionDeclaration)$/.test(node.type)
}

/** What `let`, `const`, `class` and `function` declare directly in a list of statements. */
function lexicalNames(statements: readonly AnyNode[]): string[] {
  return statements.flatMap((node) => {
    if (node.type === 'VariableDeclaration' && node.kind !== 'var')
      return node.declarations.flatMap(({ id }) => boundNames(id))
    if ((node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && node.id)
      return [node.id.name]
    return []
  })
}

/** What `var` declares anywhere in a function's body, inner functions left out. */
function varNames(node: AnyNode): string[] {
  if (isFunction(node)) return []
  const own =
    node.type === 'VariableDeclaration' && node.kind === 'var'
      ? node.declarations.flatMap(({ id }) => boundNames(id))
      : []
  return [...own, ...children(node).flatMap(varNames)]
}

/** Names that a node binds for what is below it. */
export function bindingsOf(node: AnyNode): string[] {
  if (isFunction(node)) {
    const self = node.type === 'FunctionExpression' && node.id ? [node.id.name] : []
    const special = node.type === 'ArrowFunctionExpression' ? [] : ['arguments']
    return [...self, ...special, ...node.params.flatMap(boundNames), ...varNames(node.body)]
  }
  switch (node.type) {
    case 'Program':
      return [...lexicalNames((node as Program).body), ...children(node).flatMap(varNames)]
    case 'BlockStatement':
    case 'StaticBlock':
      return lexicalNames(node.body)
    case 'SwitchStatement':
      return node.cases.flatMap((branch) => lexicalNames(branch.consequent))
    case 'ForStatement':
      return node.init ? lexicalNames([node.init]) : []
    case 'ForInStatement':
    case 'ForOfStatement':
      return lexicalNames([node.left])
    case 'CatchClause':
      return node.param ? boundNames(node.param) : []
    case 'ClassExpression':
      return node.id ? [node.id.name] : []
    default:
      return []
  }
}
