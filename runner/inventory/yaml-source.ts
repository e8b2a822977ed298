import type { Report } from '../errors.js'
import { constant } from '../expression/index.js'
import type { MappingEntry, MappingNode, Node } from '../syntax/node.js'
import { asMapping, isNull, unknownKeys } from '../syntax/read.js'
import { resolvePlain } from '../syntax/scalars.js'
import { variablesFromNode } from '../vars/variables.js'
import { addChild, addHost, type Draft, groupOf } from './builder.js'
import { groupNameProblem, readPriority, warnOfGroupName } from './group-names.js'
import { type HostKey, nameProblem, readHostKey } from './host-key.js'
import { RangeSyntaxError } from './ranges.js'

/** Read an inventory in Ansible's YAML form (JSON too) into the draft. */
export function readYamlInventory(root: Node, draft: Draft, report: Report): void {
  const mapping = asMapping(root, 'an inventory', report)
  for (const entry of mapping?.entries ?? []) readGroup(entry, draft, report)
}

function readGroup({ key: name, keySpan, value }: MappingEntry, draft: Draft, report: Report): void {
  const problem = groupNameProblem(name)
  if (problem) {
    report({ code: 'inventory', message: problem, span: keySpan, hint: 'on the top level stand groups' })
    return
  }
  warnOfGroupName(name, keySpan, report)
  groupOf(draft, name, keySpan)
  if (isNull(value)) return
  const body = asMapping(value, `the group ${name}`, report)
  if (!body) return
  unknownKeys(body, ['hosts', 'children', 'vars'], `the group ${name}`, report)
  for (const { key, value: part } of body.entries) {
    if (isNull(part)) continue
    if (key === 'hosts') readHosts(name, part, draft, report)
    if (key === 'children') readChildren(name, part, draft, report)
    if (key === 'vars') readVars(name, part, draft, report)
  }
}

/** A mapping of entries; a bare string is one entry without a body (as Ansible reads it). */
function entriesOf(node: Node, what: string, report: Report): readonly MappingEntry[] {
  if (node.kind === 'scalar' && typeof node.value === 'string')
    return [{ key: node.value, keySpan: node.span, value: { ...node, value: null, raw: '' } }]
  const mapping = asMapping(node, what, report)
  return mapping?.entries ?? []
}

function readHosts(group: string, node: Node, draft: Draft, report: Report): void {
  for (const entry of entriesOf(node, `hosts of ${group}`, report)) {
    const key = readKey(entry, report)
    const body = isNull(entry.value) ? undefined : asMapping(entry.value, `the host ${entry.key}`, report)
    for (const name of key?.names ?? []) readHost(group, name, key?.port, entry, body, draft, report)
  }
}

function readHost(
  group: string,
  name: string,
  port: number | undefined,
  { keySpan }: MappingEntry,
  body: MappingNode | undefined,
  draft: Draft,
  report: Report,
): void {
  const layer = 'inventory-host-vars'
  const { vars } = addHost(draft, group, name)
  const origin = { layer, span: keySpan, note: name } as const
  if (port !== undefined) vars.set('ansible_port', { value: constant(port, keySpan), origin })
  const own = body ? variablesFromNode(body, layer, report, { jinja: 'inventory', note: name }) : []
  for (const [variable, value] of own) vars.set(variable, value)
}

function readKey({ key, keySpan }: MappingEntry, report: Report): HostKey | undefined {
  const raw = keySpan.file.text.slice(keySpan.start, keySpan.end)
  if (raw === key && typeof resolvePlain(raw).value === 'number') {
    const hint = `if it is a name, quote it: "${key}"`
    report({ code: 'inventory', message: `the host ${key} is a number`, span: keySpan, hint })
    return undefined
  }
  try {
    const host = readHostKey(key)
    if (host.names.length === 0)
      report({ code: 'inventory', message: `${key} stands for no host`, span: keySpan, severity: 'warning' })
    return host
  } catch (error) {
    if (!(error instanceof RangeSyntaxError)) throw error
    report({ code: 'inventory', message: error.message, span: keySpan })
    return undefined
  }
}

function readChildren(group: string, node: Node, draft: Draft, report: Report): void {
  for (const entry of entriesOf(node, `children of ${group}`, report)) {
    if (!nameProblem(entry.key)) addChild(draft, group, entry.key, entry.keySpan)
    readGroup(entry, draft, report)
  }
}

function readVars(name: string, node: Node, draft: Draft, report: Report): void {
  const mapping = asMapping(node, `vars of ${name}`, report)
  if (!mapping) return
  const group = groupOf(draft, name)
  const layer = 'inventory-group-vars'
  for (const [key, variable] of variablesFromNode(mapping, layer, report, { jinja: 'inventory', note: name }))
    if (key !== 'ansible_group_priority') group.vars.set(key, variable)
    else {
      const { constant: given, span } = variable.value
      group.priority = readPriority(given?.value, span, report) ?? group.priority
    }
}
