import { didYouMean } from '../errors.js'
import type { MappingNode, Node } from '../syntax/node.js'
import { asSequence, entryOf, isNull } from '../syntax/read.js'
import { variableProblem } from '../vars/variables.js'
import type { Reader } from './context.js'
import { type Place, refused, supported } from './keywords.js'

/** The items of a list; nothing at all counts as an empty one. */
export function expectList(node: Node | undefined, what: string, reader: Reader): readonly Node[] {
  if (!node || isNull(node)) return []
  return asSequence(node, what, reader.report)?.items ?? []
}

/** Text with a tag in it. */
export function isTemplate(node: Node): boolean {
  return node.kind === 'scalar' && typeof node.value === 'string' && node.value.includes('<%')
}

/** The text of a scalar; a template is refused where the text must be known before the run. */
export function expectText(node: Node, what: string, reader: Reader): string | undefined {
  if (node.kind !== 'scalar' || node.value === null) {
    reader.report({ code: 'structure', message: `${what} must be text`, span: node.span })
    return undefined
  }
  if (!isTemplate(node)) return String(node.value)
  reader.report({
    code: 'structure',
    message: `${what} must be known before the run: a template is not allowed here`,
    span: node.span,
  })
  return undefined
}

/** The value of a key, if it stands there. */
export function nodeOf(mapping: MappingNode, key: string): Node | undefined {
  return entryOf(mapping, key)?.value
}

/** Reports every key of a small mapping that is not one of those known. */
export function checkFields(
  mapping: MappingNode,
  known: readonly string[],
  what: string,
  reader: Reader,
): void {
  for (const { key, keySpan } of mapping.entries) {
    if (known.includes(key)) continue
    const guess = didYouMean(key, known)
    reader.report({
      code: 'unknown-key',
      message: `unknown key '${key}' in ${what}`,
      span: keySpan,
      hint: guess ? `did you mean '${guess}'?` : `known: ${known.join(', ')}`,
    })
  }
}

/** Reports every key that may not stand there. `others` are further keys that are known (modules). */
export function checkKeys(
  mapping: MappingNode,
  place: Place,
  reader: Reader,
  others: { has(name: string): boolean; names: Iterable<string> } = { has: () => false, names: [] },
): void {
  for (const { key, keySpan } of mapping.entries) {
    if (supported[place].has(key) || others.has(key)) continue
    if (refused.has(key)) {
      reader.report({
        code: 'unsupported-key',
        message: `'${key}' is a keyword of Ansible's that tsplay does not support`,
        span: keySpan,
        hint: refused.get(key),
      })
      continue
    }
    const place_ =
      place === 'loop_control' ? 'loop_control' : /^[ai]/.test(place) ? `an ${place}` : `a ${place}`
    const guess = didYouMean(key, [...supported[place], ...others.names])
    reader.report({
      code: place === 'task' || place === 'handler' ? 'unknown-module' : 'unknown-key',
      message:
        place === 'task' || place === 'handler'
          ? `'${key}' is neither a keyword nor a module`
          : `unknown key '${key}' in ${place_}`,
      span: keySpan,
      hint: guess && `did you mean '${guess}'?`,
    })
  }
}

/** The name of a variable that a run sets (`register`, `loop_var`). */
export function variableName(node: Node, what: string, reader: Reader): string | undefined {
  const name = expectText(node, what, reader)
  const problem = name === undefined ? undefined : variableProblem(name)
  if (problem)
    reader.report({
      code: 'structure',
      message: `no variable can be named '${name}'`,
      span: node.span,
      hint: problem,
    })
  return name
}
