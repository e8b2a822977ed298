import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ReadExpression, readExpressions } from '../../runner/expression/expression.js'
import { loadPlan } from '../../runner/plan/load.js'
import { diskFiles } from '../../runner/syntax/files.js'

/** What stands in the place of runner/expression/built.ts in the bundle: the expressions of all playbooks that ship, and of their roles. */
export function builtExpressions(root: string): string {
  const playbooks = readdirSync(join(root, 'playbooks')).filter((name) => name.endsWith('.yaml'))
  for (const playbook of playbooks)
    loadPlan({
      inventories: [join(root, 'inventories/ha.yaml')],
      playbooks: [join(root, 'playbooks', playbook)],
      extraVars: new Map(),
      files: diskFiles(),
      cwd: root,
    })
  return moduleOf(readExpressions())
}

/** The module that holds these expressions as functions. */
export function moduleOf(expressions: ReadonlyMap<string, ReadExpression>): string {
  const entries = [...expressions].map(([text, { starts, bare, params }]) => {
    const code = `function (${params.join(', ')}) {'use strict'; return (${text}\n)}`
    return `[${JSON.stringify(text)}, { starts: ${JSON.stringify([...starts])}, bare: ${bare}, code: ${code} }],\n`
  })
  return `export const builtExpressions = new Map([\n${entries.join('')}])\n`
}
