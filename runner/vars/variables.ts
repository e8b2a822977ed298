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
  for (const { key, keySpan, value } of mapping.entries) {
    const problem = variableProblem(key)
    if (problem) {
      const message = `no variable can be named ${JSON.stringify(key)}`
      report({ code: 'structure', message, span: keySpan, hint: problem })
    } else {
      const origin = { layer, span: keySpan, note: options.note }
      variables.set(key, { value: compileNode(value, report, options), origin })
    }
  }
  return variables
}

/** Why no variable may have this name (also for `register`, `-e`, `set_fact`); `undefined` if it may. */
export function variableProblem(name: string): string | undefined {
  const problem = variableNameProblem(name, helperNames)
  return problem ?? (magicNames.has(name) ? `tsplay itself sets ${name}, above all others` : undefined)
}
