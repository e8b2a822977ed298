import { dirname, extname, join, resolve } from 'node:path'
import type { Report } from '../errors.js'
import { constant } from '../expression/index.js'
import type { Files } from '../syntax/files.js'
import type { SourceFile } from '../syntax/source.js'
import { parseYaml } from '../syntax/yaml.js'
import { addChild, addHost, createDraft, type Draft, finish } from './builder.js'
import { readHostKey } from './host-key.js'
import { readIniInventory } from './ini-source.js'
import type { Addition, LoadedInventory } from './inventory.js'
import { isProgram, readProgram } from './program.js'
import { RangeSyntaxError } from './ranges.js'
import { readVarsFolders } from './vars-files.js'
import { createInventory } from './view.js'
import { readYamlInventory } from './yaml-source.js'

export interface InventoryOptions {
  /** What `-i` was given, in order: files, folders, or lists of hosts with a comma (`host1,host2,`). */
  readonly sources: readonly string[]
  readonly files: Files
  readonly report: Report
  /** The playbook's folder, whose `group_vars` and `host_vars` hold too. */
  readonly playbookDir?: string | undefined
}

/**
 * Read all sources into one inventory; for the same key a later source wins. A source that is missing or cannot be used
 * is an error, never skipped. Mistakes are reported.
 */
export function loadInventory(options: InventoryOptions): LoadedInventory {
  const { sources, files, report } = options
  const draft = createDraft()
  const dirs: string[] = []
  for (const source of sources) {
    if (source.includes(',') && !files.isFile(source)) readHostList(source, draft, report)
    else dirs.push(readPath(source, files, draft, report))
  }
  return assemble(draft, dirs, options)
}

/** What was read, with the variables of the files beside it. */
function assemble(draft: Draft, dirs: readonly string[], options: InventoryOptions): LoadedInventory {
  const { files, report, playbookDir } = options
  const { hosts, groups } = finish(draft, report)
  const known = { hosts, groups, files, report }
  const beside = [...new Set(dirs)].map((dir) => readVarsFolders(dir, 'inventory', known))
  const isNew = playbookDir !== undefined && !dirs.some((dir) => resolve(dir) === resolve(playbookDir))
  const own = isNew ? [readVarsFolders(playbookDir, 'playbook', known)] : []
  return {
    ...createInventory(hosts, groups, [...beside, ...own], resolve(dirs[0] ?? '.'), draft.origins),
    grown(additions, later) {
      for (const addition of additions) addTo(draft, addition)
      return assemble(draft, dirs, { ...options, report: later })
    },
    reread: (anew, later) => loadInventory({ ...options, files: anew, report: later }),
  }
}

function addTo(draft: Draft, { host, groups, parents, vars }: Addition): void {
  for (const group of groups) {
    if (!draft.groups.has(group))
      for (const parent of parents.length > 0 ? parents : ['all']) addChild(draft, parent, group)
    addHost(draft, group, host)
  }
  const known = draft.hosts.get(host) ?? addHost(draft, 'all', host)
  for (const [name, value] of vars)
    known.vars.set(name, {
      value: constant(value),
      origin: { layer: 'inventory-host-vars', note: 'add_host' },
    })
}

function readHostList(source: string, draft: Draft, report: Report): void {
  for (const item of source.split(',').map((each) => each.trim())) {
    if (item === '') continue
    try {
      const file: SourceFile = { path: '-i', text: source }
      const { names, port } = readHostKey(item)
      for (const name of names) {
        const { vars } = addHost(draft, 'all', name)
        const span = { file, start: source.indexOf(item), end: source.indexOf(item) + item.length }
        if (port !== undefined) vars.set('ansible_port', portVariable(port, span))
      }
    } catch (error) {
      if (!(error instanceof RangeSyntaxError)) throw error
      report({ code: 'inventory', message: `-i ${source}: ${error.message}` })
    }
  }
}

/** Read a file, or the files of a folder; gives the folder that its `group_vars` stand in. */
function readPath(source: string, files: Files, draft: Draft, report: Report): string {
  if (!files.isDirectory(source)) {
    readFile(source, files, draft, report)
    return dirname(source)
  }
  const found = inventoryFiles(source, files)
  if (found.length === 0) report({ code: 'inventory', message: `the folder ${source} holds no inventory` })
  for (const path of found) readFile(path, files, draft, report)
  return source
}

/** Names that Ansible passes over in a folder of inventories. */
const ignored =
  /^\.|^(?:host_vars|group_vars|vars_plugins)$|(?:~|\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry))$/

/** The inventories of a folder and of those in it, by name. */
function inventoryFiles(dir: string, files: Files): string[] {
  const entries = (files.list(dir) ?? []).filter(({ name }) => !ignored.test(name))
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, isDirectory }) =>
      isDirectory ? inventoryFiles(join(dir, name), files) : [join(dir, name)],
    )
}

function readFile(path: string, files: Files, draft: Draft, report: Report): void {
  readSource(path, files, draft, report)
  for (const name of draft.hosts.keys()) if (!draft.origins.has(name)) draft.origins.set(name, resolve(path))
}

function readSource(path: string, files: Files, draft: Draft, report: Report): void {
  if (isProgram(path, files)) {
    readProgram(path, draft, report)
    return
  }
  const file = files.read(path)
  if (!file) {
    const hint = 'a list of hosts needs a comma: -i host1,'
    report({ code: 'missing-file', message: `there is no inventory ${path}`, hint })
    return
  }
  if (file.text.startsWith('#!') && files.isExecutable) {
    const hint = `make it executable: chmod +x ${path}`
    report({ code: 'inventory', message: `${path} is a program that nobody may execute`, hint })
    return
  }
  if (isIni(file)) readIniInventory(file, draft, report)
  else readYamlFile(file, draft, report)
}

function readYamlFile(file: SourceFile, draft: Draft, report: Report): void {
  let errors = 0
  const root = parseYaml(file, (diagnostic) => {
    if (diagnostic.severity !== 'warning') errors++
    report(diagnostic)
  })
  if (root) readYamlInventory(root, draft, report)
  else if (errors === 0) report({ code: 'inventory', message: `the inventory ${file.path} is empty` })
}

/**
 * Ansible tries YAML first, for files whose ending allows it, and INI after. Here one look decides, so that a mistake
 * in either is told in the words of that format.
 */
function isIni({ path, text }: SourceFile): boolean {
  const first = text.split('\n').find((line) => /^\s*[^#;\s]/.test(line)) ?? ''
  const ending = extname(path)
  if (/^\.(?:ya?ml|json)$/.test(ending))
    return /^\[[\w.-]+(?::(?:vars|children))?\]\s*(?:[#;].*)?$/.test(first)
  const looksLikeYaml = /^\s*(?:---|%YAML|\{|(?:"[^"]*"|'[^']*'|[^\s=[\]"']+)\s*:(?:\s|$))/.test(first)
  return first !== '' && !looksLikeYaml
}

function portVariable(port: number, span: { file: SourceFile; start: number; end: number }) {
  return { value: constant(port, span), origin: { layer: 'inventory-host-vars', span } } as const
}
