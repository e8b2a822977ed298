import { z } from 'zod'

/** What keeps a value from being the module `name`: the contract of `Module`, as far as it can be seen. */
export function problemsOf(module: Readonly<Record<string, unknown>>, name: string): string[] {
  const problems: string[] = []
  const need = (holds: boolean, problem: string) => {
    if (!holds) problems.push(`module '${name}': ${problem}`)
  }
  need(module.name === name, `its name is '${String(module.name)}', and that of its file '${name}'`)
  need(isDoc(module.doc), 'doc must be { summary, examples: [YAML of a task, …] }')
  need(module.args instanceof z.ZodType, 'args must be a schema, made with the z of tsplay')
  for (const key of ['probe', 'diff', 'apply'])
    need(typeof module[key] === 'function', `${key} must be a function`)
  for (const key of ['prepare', 'result'])
    need(module[key] === undefined || typeof module[key] === 'function', `${key} must be a function`)
  return problems
}

function isDoc(doc: unknown): boolean {
  if (typeof doc !== 'object' || doc === null) return false
  const { summary, examples } = doc as Record<string, unknown>
  const texts = Array.isArray(examples) && examples.every((example) => typeof example === 'string')
  return typeof summary === 'string' && summary !== '' && texts
}
