import { dirname, resolve } from 'node:path'
import type { MappingNode, Node } from '../syntax/node.js'
import { asMapping } from '../syntax/read.js'
import { parseYaml } from '../syntax/yaml.js'
import { plainName } from './action-names.js'
import type { Reader } from './context.js'
import { inheritKeywords, noKeywords } from './inherit.js'
import { type Imported, playVars, type ReadPlay, readPlay } from './play.js'
import { staticText } from './static-text.js'
import { checkKeys, expectList, nodeOf } from './structure.js'

const notImported: Imported = { keywords: noKeywords, layers: [] }

/** A playbook's plays, those of the playbooks that it imports in their places. */
export function readPlaybook(
  path: string,
  reader: Reader,
  chain: readonly string[] = [],
  outer: Imported = notImported,
): ReadPlay[] {
  const file = reader.files.read(path)
  if (!file) {
    reader.report({ code: 'missing-file', message: `no such playbook: ${path}` })
    return []
  }
  let isBroken = false
  const node = parseYaml(file, (diagnostic) => {
    isBroken ||= diagnostic.severity !== 'warning'
    reader.report(diagnostic)
  })
  if (!node) {
    const message = `${path}: a playbook is a list of plays; this file is empty`
    if (!isBroken) reader.report({ code: 'structure', message })
    return []
  }
  return expectList(node, 'a playbook', reader).flatMap((item) => {
    const written = asMapping(item, 'a play', reader.report)
    if (!written) return []
    const mapping = withPlainNames(written)
    const imported = nodeOf(mapping, 'import_playbook')
    if (imported)
      return readImportedPlaybook(
        imported,
        path,
        reader,
        [...chain, path],
        handedDown(mapping, outer, reader),
      )
    const play = readPlay(mapping, dirname(path), outer, reader)
    return play ? [play] : []
  })
}

/** `ansible.builtin.import_playbook`, as `import_playbook`. */
function withPlainNames(mapping: MappingNode): MappingNode {
  const entries = mapping.entries.map((entry) =>
    plainName(entry.key) === 'import_playbook' ? { ...entry, key: 'import_playbook' } : entry,
  )
  return { ...mapping, entries }
}

function handedDown(mapping: MappingNode, outer: Imported, reader: Reader): Imported {
  checkKeys(mapping, 'import_playbook', reader)
  return {
    keywords: inheritKeywords(mapping, outer.keywords, reader),
    layers: [...playVars(mapping, reader), ...outer.layers],
  }
}

function readImportedPlaybook(
  node: Node,
  from: string,
  reader: Reader,
  chain: readonly string[],
  outer: Imported,
): ReadPlay[] {
  const name = staticText(
    node,
    "'import_playbook'",
    { layers: outer.layers, playbookDir: dirname(from) },
    reader,
  )
  if (!name) return []
  const path = resolve(dirname(from), name)
  if (chain.includes(path)) {
    reader.report({
      code: 'cycle',
      message: `the playbook imports itself: ${[...chain, path].join(' → ')}`,
      span: node.span,
    })
    return []
  }
  return readPlaybook(path, reader, chain, outer)
}
