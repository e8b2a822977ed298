import { basename, dirname, resolve } from 'node:path'
import type { Report } from '../errors.js'
import { type Compiled, EvaluationError } from '../expression/compiled.js'
import type { Files } from '../syntax/files.js'
import type { Node } from '../syntax/node.js'
import { asMapping } from '../syntax/read.js'
import { parseYaml } from '../syntax/yaml.js'
import type { Layer } from '../vars/layers.js'
import { variablesFromNode } from '../vars/variables.js'
import { type Reader, readValue } from './context.js'
import { expectList, expectText, isTemplate } from './structure.js'
import { tag, tagPattern } from './tag-pattern.js'

/** A file of `vars_files` that each host has its own of: `vars/<%= facts.os.family %>.yaml`. */
export interface HostVarsFile {
  /** Stands for its variables among the layers of the play. */
  readonly place: Layer
  /** The first of these that is there is meant. */
  readonly names: readonly Compiled[]
  /** Every file that it can be. */
  readonly possible: readonly Layer[]
  /** The variables of the first that is there. @throws EvaluationError if none is */
  read(names: readonly string[]): Layer
}

export interface VarsFiles {
  readonly layers: readonly Layer[]
  readonly ofHosts: readonly HostVarsFile[]
}

/** `vars_files` of a play: names, and lists of names of which the first that is there is taken. */
export function readVarsFiles(node: Node | undefined, dir: string, reader: Reader): VarsFiles {
  const found = expectList(node, "'vars_files'", reader).map((item) => readItem(item, dir, reader))
  const ofHosts = found.flatMap((each) => (each && 'place' in each ? [each] : []))
  return { layers: found.flatMap((each) => (each ? ['place' in each ? each.place : each] : [])), ofHosts }
}

function readItem(item: Node, dir: string, reader: Reader): Layer | HostVarsFile | undefined {
  const nodes = item.kind === 'sequence' ? item.items : [item]
  if (nodes.some(isTemplate)) return readOfHosts(item, nodes, dir, reader)
  const names = nodes.flatMap((node) => expectText(node, "a file of 'vars_files'", reader) ?? [])
  const path = firstThere(names, dir, reader.files)
  if (path !== undefined) return layerOf(path, reader.files, reader.report)
  if (names.length === nodes.length)
    reader.report({
      code: 'missing-file',
      message: `no such file of variables: ${names.join(', ')}`,
      span: item.span,
    })
  return undefined
}

function readOfHosts(item: Node, nodes: readonly Node[], dir: string, reader: Reader): HostVarsFile {
  const { files } = reader
  const names = nodes.map((node) => readValue(node, reader))
  const layers = new Map<string, Layer>()
  for (const path of names.flatMap((name) => possiblePaths(name, dir, files))) {
    // The playbook's folder holds much else: what is wrong there is another's business.
    const layer = readLayer(path, files, dirname(path) === dir ? () => undefined : reader.report)
    if (layer) layers.set(path, layer)
  }
  if (layers.size === 0)
    reader.report({
      code: 'missing-file',
      message: `no file of variables can be meant: ${names.map(writtenIn).join(', ')}`,
      span: item.span,
      hint: `looked in ${[...new Set(names.flatMap((name) => places(writtenIn(name), dir).map(dirname)))].join(', ')}`,
    })
  return {
    place: { name: 'vars-files', vars: new Map() },
    names,
    possible: [...layers.values()],
    read(texts) {
      const path = firstThere(texts, dir, files)
      if (path === undefined)
        throw new EvaluationError(`no such file of variables: ${texts.join(', ')}`, item.span)
      const layer = layers.get(path) ?? layerOf(path, files, refuse)
      layers.set(path, layer)
      return layer
    },
  }
}

/** Mistakes of files that fit a name are told before the run; this is one that came after. */
const refuse: Report = ({ message, span, hint, severity }) => {
  if (severity !== 'warning') throw new EvaluationError(message, span, hint)
}

/** Ansible's search: `vars/` beside the playbook, then the playbook's folder. */
function places(name: string, dir: string): string[] {
  return [resolve(dir, 'vars', name), resolve(dir, name)]
}

function firstThere(names: readonly string[], dir: string, files: Files): string | undefined {
  return names.flatMap((name) => places(name, dir)).find((path) => files.isFile(path))
}

const writtenIn = ({ constant, written }: Compiled): string => String(constant?.value ?? written ?? '')

/** The files whose names fit what stands around the tags of a name; a folder with a tag in its name is not looked for. */
function possiblePaths(name: Compiled, dir: string, files: Files): string[] {
  return places(writtenIn(name), dir).flatMap((place) => {
    const folder = dirname(place)
    if (tag.test(folder)) return []
    const rule = tagPattern(basename(place))
    return (files.list(folder) ?? [])
      .filter((entry) => !entry.isDirectory && rule.test(entry.name))
      .map((entry) => resolve(folder, entry.name))
  })
}

function layerOf(path: string, files: Files, report: Report): Layer {
  return readLayer(path, files, report) ?? { name: 'vars-files', vars: new Map() }
}

/** Nothing where the file is no mapping. */
function readLayer(path: string, files: Files, report: Report): Layer | undefined {
  const file = files.read(path)
  const node = file && parseYaml(file, report)
  const mapping = node && asMapping(node, 'a file of variables', report)
  const options = { jinja: 'inventory', note: path } as const
  return mapping && { name: 'vars-files', vars: variablesFromNode(mapping, 'vars-files', report, options) }
}
