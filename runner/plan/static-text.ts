import { EvaluationError } from '../expression/compiled.js'
import type { Node } from '../syntax/node.js'
import { createScope } from '../vars/scope.js'
import { type InSight, type Reader, readValue } from './context.js'
import { expectText, isTemplate } from './structure.js'

/** Text that the plan itself depends on: as it stands, or a template over `-e` and what is in sight (Ansible's rule). */
export function staticText(
  node: Node,
  what: string,
  { layers, playbookDir, role }: InSight,
  reader: Reader,
  hint?: string,
): string | undefined {
  if (!isTemplate(node)) return expectText(node, what, reader)
  const magic = new Map<string, () => unknown>([['playbook_dir', () => playbookDir]])
  if (role) magic.set('role_name', () => role.name).set('role_path', () => role.path)
  try {
    const value = readValue(node, reader).evaluate(createScope([...layers, reader.extraVars], magic))
    if (typeof value === 'string' && value !== '') return value
    reader.report({ code: 'structure', message: `${what} must be text`, span: node.span })
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error
    reader.report({
      code: 'structure',
      message: `${what} must be known before the run, and ${error.message}`,
      span: error.span ?? node.span,
      hint: ["-e, the play's vars and vars_files, and its own vars can be named", hint]
        .filter(Boolean)
        .join('; '),
    })
  }
  return undefined
}
