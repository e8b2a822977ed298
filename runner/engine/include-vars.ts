import type { IncludeVarsArgs } from '../modules/control/include-vars.js'
import type { Variable } from '../vars/layers.js'
import { includeVariables } from './host.js'
import type { TaskRun } from './item.js'

/** `include_vars`: what the files say holds for the host; gives their paths. @throws ModuleFailure */
export function includeVars(context: TaskRun, args: IncludeVarsArgs): readonly string[] {
  const { paths, vars } = context.variablesOf(args)
  includeVariables(context.host, args.name === undefined ? vars : [[args.name, together(vars)]])
  return paths
}

/** All of them as one mapping; each is evaluated when it is asked for. */
function together(vars: ReadonlyMap<string, Variable>): Variable {
  return {
    value: {
      names: new Set([...vars.values()].flatMap(({ value }) => [...value.names])),
      evaluate: (scope) => {
        const view = {}
        for (const [name, { value }] of vars)
          Object.defineProperty(view, name, { get: () => value.evaluate(scope), enumerable: true })
        return view
      },
    },
    origin: { layer: 'include-vars' },
  }
}
