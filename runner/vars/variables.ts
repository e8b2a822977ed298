import type { Report } from '../errors.js'
import { compileNode, helperNames, type TextOptions, variableNameProblem } from '../expression/index.js'
import type { MappingNode } from '../syntax/node.js'
import type { LayerName, Variable } from './layers.js'
import { magicNames } from './magic.js'

export interface VariableOptions extends TextOptions {
  /** Which group, host, role or file the variables belong to. */
  readonly note?: string | undefined
}

/**
 * A mapping of variables with their templates compiled. Names that no variable can have are reported, and so are
 * mistakes in values.
 */
export function variablesFromNode(
  mapping: MappingNode,
  layer: LayerName,
  report: Report,
  options: VariableOptions = {},
): Map<string, Variable> {
  const variables = new Map<string, Variable>()
  const isForeign = options.jinja === 'inventory'
  for (const { key, keySpan, value } of mapping.entries) {
    const problem = isForeign ? foreignVariableProblem(key) : variableProblem(key)
    if (problem)
      report({
        code: 'structure',
        message: isForeign
          ? `the variable ${key} is never seen`
          : `no variable can be named ${JSON.stringify(key)}`,
        span: keySpan,
        hint: problem,
        severity: isForeign ? 'warning' : 'error',
      })
    else {
      const origin = { layer, span: keySpan, note: options.note }
      variables.set(key, { value: compileNode(value, report, options), origin })
    }
  }
  return variables
}

/** Why no variable of a playbook or role may have this name (also for `register`, `set_fact`); `undefined` if it may. */
export function variableProblem(name: string): string | undefined {
  return variableNameProblem(name, helperNames) ?? foreignVariableProblem(name)
}

/**
 * Why a variable of an inventory, a file of variables or `-e` would never be seen. Any name will do otherwise, since
 * others chose it: one that JavaScript keeps for itself is reached as `vars.class` or `vars['a-b']`, and in Jinja by name.
 */
export function foreignVariableProblem(name: string): string | undefined {
  return magicNames.has(name) ? `tsplay itself sets ${name}, above all others` : undefined
}
