import type { Compiled } from '../expression/compiled.js'
import type { MappingNode, Node } from '../syntax/node.js'
import { type Reader, readConditions, readNames, readValue, type Surroundings } from './context.js'
import { inheritable } from './keywords.js'
import type { Keywords } from './plan.js'
import { expectText } from './structure.js'

export const noKeywords: Keywords = { environment: [], when: [], tags: [], notify: [] }

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
  return {
    ...nearest,
    environment: environment ? [...outer.environment, readValue(environment, reader)] : outer.environment,
    when: when ? [...outer.when, ...readConditions(when, reader)] : outer.when,
    notify: notify ? readNames(notify, reader) : outer.notify,
    tags: tags ? [...new Set([...outer.tags, ...readTags(tags, reader)])] : outer.tags,
  }
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
