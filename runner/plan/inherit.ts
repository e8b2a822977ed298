import type { Compiled } from '../expression/compiled.js'
import type { MappingNode, Node } from '../syntax/node.js'
import { asMapping } from '../syntax/read.js'
import { lookUpModule } from './action.js'
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

/** The keywords of a play, block, role or task, over those of what is around it. */
export function inheritKeywords(mapping: MappingNode, outer: Keywords, reader: Reader): Keywords {
  const own = new Map(mapping.entries.map((entry) => [entry.key, entry.value]))
  const nearest: Record<string, Compiled | undefined> = {}
  for (const name of [...inheritable, 'delegate_to', 'delegate_facts'] as const) {
    const node = own.get(name)
    nearest[name] = node ? readValue(node, reader) : outer[name]
  }
  const environment = own.get('environment')
  const when = own.get('when')
  const tags = own.get('tags')
  const notify = own.get('notify')
  const defaults = own.get('module_defaults')
  return {
    ...nearest,
    environment: environment ? [...outer.environment, readValue(environment, reader)] : outer.environment,
    when: when ? [...outer.when, ...readConditions(when, reader)] : outer.when,
    notify: notify ? readNames(notify, reader) : outer.notify,
    module_defaults: defaults
      ? readModuleDefaults(defaults, outer.module_defaults, reader)
      : outer.module_defaults,
    tags: tags ? [...new Set([...outer.tags, ...readTags(tags, reader)])] : outer.tags,
  }
}

/** `module_defaults: { copy: { mode: '0600' } }`, over those of what is around. */
function readModuleDefaults(node: Node, outer: ModuleDefaults, reader: Reader): ModuleDefaults {
  const defaults = new Map(outer)
  for (const { key, keySpan, value } of asMapping(node, "'module_defaults'", reader.report)?.entries ?? []) {
    const name = lookUpModule(key)?.module.name
    const args = asMapping(value, `the defaults of '${key}'`, reader.report)
    if (!name || name === 'setup')
      reader.report({
        code: 'unknown-module',
        message: name ? 'facts are gathered without module_defaults' : `'${key}' is not a module`,
        span: keySpan,
        hint: name ? 'gather_timeout is a keyword of the play' : 'groups of modules are not supported',
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
