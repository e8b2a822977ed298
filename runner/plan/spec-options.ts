import { didYouMean } from '../errors.js'
import { type ArgumentOption, argumentTypes } from '../modules/control/validate-argument-spec.js'
import type { MappingNode, Node } from '../syntax/node.js'
import { asBoolean, asMapping, asSequence, isNull, toPlain } from '../syntax/read.js'
import type { Reader } from './context.js'
import { checkFields, expectText, nodeOf } from './structure.js'

export type Options = Readonly<Record<string, ArgumentOption>>

/** What may be said of an option: what is checked, and what only documents (Ansible's `argument_spec`). */
const optionFields = [
  'type',
  'elements',
  'required',
  'choices',
  'options',
  'no_log',
  'default',
  'description',
  'version_added',
  'removed_in_version',
  'removed_at_date',
  'removed_from_collection',
]

/** What Ansible would check or fill in, and tsplay does not. */
const refusedFields = [
  'aliases',
  'apply_defaults',
  'deprecated_aliases',
  'fallback',
  'mutually_exclusive',
  'required_by',
  'required_if',
  'required_one_of',
  'required_together',
]

/** The options of a spec by name. Each mistake is reported at its place, and the option that it is in left out. */
export function readOptions(node: Node | undefined, what: string, reader: Reader): Options {
  if (!node || isNull(node)) return {}
  const mapping = asMapping(node, `'options' of ${what}`, reader.report)
  const read = (mapping?.entries ?? []).flatMap(({ key, value }) => {
    const option = readOption(value, `the option '${key}' of ${what}`, reader)
    return option ? [[key, option] as const] : []
  })
  return Object.fromEntries(read)
}

function readOption(node: Node, what: string, outer: Reader): ArgumentOption | undefined {
  let isClean = true
  const reader: Reader = {
    ...outer,
    report: (diagnostic) => {
      isClean = false
      outer.report(diagnostic)
    },
  }
  const mapping = asMapping(node, what, reader.report)
  if (!mapping) return undefined
  checkFields(withoutRefused(mapping, what, reader), optionFields, what, reader)
  for (const key of ['type', 'elements']) checkType(nodeOf(mapping, key), `'${key}' of ${what}`, reader)
  for (const key of ['required', 'no_log']) {
    const flag = nodeOf(mapping, key)
    if (flag) asBoolean(flag, `'${key}' of ${what}`, reader.report)
  }
  const choices = nodeOf(mapping, 'choices')
  if (choices) asSequence(choices, `'choices' of ${what}`, reader.report)
  readOptions(nodeOf(mapping, 'options'), what, reader)
  return isClean ? (toPlain(mapping) as ArgumentOption) : undefined
}

function withoutRefused(mapping: MappingNode, what: string, reader: Reader): MappingNode {
  const entries = mapping.entries.filter(({ key, keySpan }) => {
    if (!refusedFields.includes(key)) return true
    reader.report({
      code: 'unsupported-key',
      message: `'${key}' of ${what} is Ansible's, and tsplay does not support it`,
      span: keySpan,
      hint: 'say it in a task of the role: assert: { that: … }',
    })
    return false
  })
  return { ...mapping, entries }
}

function checkType(node: Node | undefined, what: string, reader: Reader): void {
  const text = node && expectText(node, what, reader)
  if (text === undefined || argumentTypes.includes(text)) return
  const guess = didYouMean(text, argumentTypes)
  reader.report({
    code: 'structure',
    message: `${what} is no type: '${text}'`,
    span: node!.span,
    hint: guess ? `did you mean '${guess}'?` : `known: ${argumentTypes.join(', ')}`,
  })
}
