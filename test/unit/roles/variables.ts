import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { constant } from '../../../runner/expression/index.js'
import type { MappingNode } from '../../../runner/syntax/node.js'
import type { Layer } from '../../../runner/vars/layers.js'
import { createScope, type HostScope } from '../../../runner/vars/scope.js'
import { variablesFromNode } from '../../../runner/vars/variables.js'
import { read } from '../syntax/support.js'

const folder = fileURLToPath(new URL('../../../roles/', import.meta.url))

/** The variables of a role as it has them, of its defaults and its vars. */
const layersOf = (role: string): Layer[] =>
  (['role-defaults', 'role-vars'] as const).map((name) => {
    const file = `${folder}${role}/${name === 'role-vars' ? 'vars' : 'defaults'}/main.yaml`
    const { node } = read(readFileSync(file, 'utf8'))
    return { name, vars: variablesFromNode(node as MappingNode, name, () => expect.unreachable()) }
  })

/** What a host has beside the variables of the roles. */
export interface Given {
  /** What tasks have set and registered, and what the inventory says. */
  readonly vars?: Record<string, unknown>
  /** What the runner gives: `facts`, `groups`, `ansible_play_hosts`. */
  readonly magic: Record<string, unknown>
}

/** A variable of roles on each of some hosts, which know each other by `hostvars`. */
export function onEach<Name extends string>(
  roles: readonly string[],
  hosts: Readonly<Record<Name, Given>>,
  variable: string,
): Record<Name, unknown> {
  const layers = roles.flatMap(layersOf)
  const view = (get: (name: string) => unknown) => new Proxy({}, { get: (_, name) => get(String(name)) })
  const scopes: Record<string, HostScope> = {}
  const hostvars = view((host) => view((name) => scopes[host]!.lookup(name)?.value))
  for (const [name, { vars = {}, magic }] of Object.entries<Given>(hosts)) {
    const own = Object.entries(vars).map(
      ([key, value]) => [key, { value: constant(value), origin: { layer: 'set-fact' } }] as const,
    )
    const all = { inventory_hostname: name, hostvars, ...magic }
    scopes[name] = createScope(
      [...layers, { name: 'set-fact', vars: new Map(own) }],
      new Map(Object.entries(all).map(([key, value]) => [key, () => value])),
    )
  }
  const found = Object.keys(hosts).map((name) => [name, scopes[name]!.lookup(variable)?.value])
  return Object.fromEntries(found)
}
