import type { Diagnostic } from '../../../runner/errors.js'
import type { Inventory } from '../../../runner/inventory/index.js'
import { loadInventory } from '../../../runner/inventory/index.js'
import { createScope, type HostScope } from '../../../runner/vars/scope.js'
import { brief, memoryFiles } from '../syntax/support.js'

export interface Loaded {
  readonly inventory: Inventory
  readonly found: Diagnostic[]
  readonly messages: string[]
  readonly hosts: string[]
  vars(host: string): HostScope
  value(host: string, name: string): unknown
}

/** Load sources out of files in memory. */
export function load(
  texts: Readonly<Record<string, string>>,
  sources: readonly string[],
  playbookDir?: string,
): Loaded {
  const found: Diagnostic[] = []
  const report = (diagnostic: Diagnostic) => void found.push(diagnostic)
  const inventory = loadInventory({ sources, files: memoryFiles(texts), report, playbookDir })
  const vars = (host: string) => createScope(inventory.layersFor(host), new Map())
  return {
    inventory,
    found,
    messages: found.map(brief),
    hosts: [...inventory.hosts.keys()],
    vars,
    value: (host, name) => vars(host).lookup(name)?.value,
  }
}

export function loadText(text: string): Loaded {
  return load({ 'hosts.yaml': text }, ['hosts.yaml'])
}
