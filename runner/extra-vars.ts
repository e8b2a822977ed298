import { readFileSync } from 'node:fs'
import type { Diagnostic } from './errors.js'
import { readKeyValues } from './key-values.js'
import { toPlain } from './syntax/read.js'
import type { SourceFile } from './syntax/source.js'
import { parseYamlData } from './syntax/yaml.js'
import { foreignVariableProblem } from './vars/variables.js'

/** `key=value` gives strings (Ansible's rule); YAML, JSON and files keep their types. Values are data, never templates. */
export function readExtraVars(sources: readonly string[], problems: Diagnostic[]): Map<string, unknown> {
  const vars = new Map<string, unknown>()
  for (const source of sources) {
    const structured = source.startsWith('@') || /^\s*[{[]/.test(source) || /^[\w.-]+:\s/.test(source)
    const pairs = structured ? readStructured(source, problems) : readPairs(source, problems)
    for (const [name, value] of pairs) {
      const problem = foreignVariableProblem(name)
      if (problem)
        problems.push({ code: 'option', message: `-e: no variable can be named '${name}'`, hint: problem })
      vars.set(name, value)
    }
  }
  return vars
}

function readPairs(source: string, problems: Diagnostic[]): [string, unknown][] {
  const pairs = readKeyValues(source)
  if (pairs) return pairs
  problems.push({
    code: 'option',
    message: `--extra-vars wants key=value, YAML, JSON or @file, not '${source}'`,
    hint: /^[./]/.test(source) ? `a file has an @ before it: -e @${source}` : undefined,
  })
  return []
}

function readStructured(source: string, problems: Diagnostic[]): [string, unknown][] {
  const file = readSource(source, problems)
  const node = file && parseYamlData(file, (problem) => problems.push(problem))
  if (!node) return []
  if (node.kind === 'mapping') return Object.entries(toPlain(node) as Record<string, unknown>)
  problems.push({
    code: 'option',
    message: '--extra-vars must be a mapping of names to values',
    span: node.span,
  })
  return []
}

function readSource(source: string, problems: Diagnostic[]): SourceFile | undefined {
  if (!source.startsWith('@')) return { path: '--extra-vars', text: source }
  try {
    return { path: source.slice(1), text: readFileSync(source.slice(1), 'utf8') }
  } catch {
    problems.push({ code: 'missing-file', message: `no such file of extra variables: ${source.slice(1)}` })
    return undefined
  }
}
