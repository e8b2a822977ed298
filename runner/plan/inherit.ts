import type { MappingNode, Node } from '../syntax/node.js'
import { asMapping } from '../syntax/read.js'
import { lookUpModule } from './action-names.js'
import { type Reader, readConditions, readNames, readValue, type Surroundings } from './context.js'
import { inheritable } from './keywords.js'
import type { Keywords, ModuleDefaults } from './plan.js'
import { expectText } from './structure.js'

export const noKeywords: Keywords = {
  environment: [],
  when: [],
  tags: [],
  notify: [],
  module_defaults: new Map(),
}

/** Keywords of which a child's own replaces the one around it. */
export const nearestWins = [...inheritable, 'delegate_to', 'delegate_facts'] as const

const nearest: ReadonlySet<string> = new Set(nearestWins)
const isNearestWins = (key: string): key is (typeof nearestWins)[number] => nearest.has(key)

/** The keywords of a play, block, role or task, over those of what is around it. */
export function inheritKeywords(mapping: MappingNode, outer: Keywords, reader: Reader): Keywords {
  const own: { -readonly [K in keyof Keywords]?: Keywords[K] } = {}
  for (const { key, value } of mapping.entries) {
    if (isNearestWins(key)) own[key] = readValue(value, reader)
    else if (key === 'environment') own.environment = [...outer.environment, readValue(value, reader)]
    else if (key === 'when') own.when = [...outer.when, ...readConditions(value, reader)]
    else if (key === 'notify') own.notify = readNames(value, reader)
    else if (key === 'tags') own.tags = [...new Set([...outer.tags, ...readTags(value, reader)])]
    else if (key === 'module_defaults')
      own.module_defaults = readModuleDefaults(value, outer.module_defaults, reader)
  }
  // Most tasks have none of their own: they share what is around them.
  return Object.keys(own).length > 0 ? { ...outer, ...own } : outer
}

/** `module_defaults: { copy: { mode: '0600' } }`, over those of what is around. */
function readModuleDefaults(node: Node, outer: ModuleDefaults, reader: Reader): ModuleDefaults {
  const defaults = new Map(outer)
  for (const { key, keySpan, value } of asMapping(node, "'module_defaults'", reader.report)?.entries ?? []) {
    const name = lookUpModule(key)?.module.name
    const args = asMapping(value, `the defaults of '${key}'`, reader.report)
    if (!name)
      reader.report({
        code: 'unknown-module',
        message: `'${key}' is not a module`,
        span: keySpan,
        hint: 'groups of modules are not supported',
      })
    else if (args) {
      const others = (defaults.get(name) ?? []).filter(
        (old) => !args.entries.some((entry) => entry.key === old.key),
      )
      defaults.set(name, [...args.entries, ...others])
    }
  }
  return defaults
}

/** `tags: a, b` or a list. */
function readTags(node: Node, reader: Reader): string[] {
  const nodes = node.kind === 'sequence' ? node.items : [node]
  return nodes.flatMap((item) => {
    const text = expectText(item, 'a tag', reader) ?? ''
    return text
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean)
  })
}

/** What is around the children of a block, import or role. */
export function within(surroundings: Surroundings, changes: Partial<Surroundings>): Surroundings {
  return { ...surroundings, ...changes }
}
