import { didYouMean } from '../errors.js'
import { constant } from '../expression/compiled.js'
import type { MappingNode, Node } from '../syntax/node.js'
import { asBoolean, asMapping } from '../syntax/read.js'
import { type Reader, readConditions, readValue } from './context.js'
import type { Prompt } from './plan.js'
import { expectList, expectText, nodeOf } from './structure.js'

const promptKeys = ['name', 'prompt', 'default', 'private', 'confirm', 'unsafe', 'when']
/** Ansible's, which would hash the answer. */
const hashKeys = ['encrypt', 'salt', 'salt_size']

/** `vars_prompt`: what a person is asked before a play. */
export function readPrompts(node: Node | undefined, reader: Reader): Prompt[] {
  return expectList(node, "'vars_prompt'", reader).flatMap((item) => {
    const mapping = asMapping(item, 'a prompt', reader.report)
    const nameNode = mapping && nodeOf(mapping, 'name')
    const name = nameNode && expectText(nameNode, "a prompt's name", reader)
    if (!mapping || !name) return []
    checkPrompt(mapping, reader)
    const prompt = nodeOf(mapping, 'prompt')
    const fallback = nodeOf(mapping, 'default')
    const isPrivate = nodeOf(mapping, 'private')
    const confirm = nodeOf(mapping, 'confirm')
    const when = nodeOf(mapping, 'when')
    return [
      {
        name,
        prompt: prompt ? readValue(prompt, reader) : constant(name),
        default: fallback && readValue(fallback, reader),
        private: (isPrivate && asBoolean(isPrivate, "'private'", reader.report)) ?? true,
        confirm: (confirm && asBoolean(confirm, "'confirm'", reader.report)) ?? false,
        when: when ? readConditions(when, reader) : [],
        span: mapping.span,
      },
    ]
  })
}

function checkPrompt(mapping: MappingNode, reader: Reader): void {
  for (const { key, keySpan } of mapping.entries) {
    if (promptKeys.includes(key)) continue
    if (hashKeys.includes(key))
      reader.report({
        code: 'unsupported-key',
        message: `'${key}' of a prompt is not supported: answers are taken as they are`,
        span: keySpan,
        hint: 'ask for the hash itself, such as `openssl passwd -6` prints it',
      })
    else {
      const guess = didYouMean(key, promptKeys)
      reader.report({
        code: 'unknown-key',
        message: `unknown key '${key}' in a prompt`,
        span: keySpan,
        hint: guess && `did you mean '${guess}'?`,
      })
    }
  }
}
