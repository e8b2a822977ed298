import { readFileSync } from 'node:fs'
import { parseArguments, usage } from '../arguments.js'
import { didYouMean, type ExitCode, exitCodes } from '../errors.js'
import { resolvePattern } from '../inventory/index.js'
import type { Inventory } from '../inventory/inventory.js'
import { expandLimit } from '../inventory/limit.js'
import { stringifyYaml } from '../syntax/yaml.js'
import { graphView, hostValues, listView, yamlView } from './inventory-views.js'
import { type CommandWorld, readInventories } from './options.js'
import { toPythonJson } from './python.js'

const options = {
  inventory: { type: 'string', short: 'i', multiple: true },
  limit: { type: 'string', short: 'l' },
  list: { type: 'boolean' },
  graph: { type: 'boolean' },
  host: { type: 'string' },
  yaml: { type: 'boolean', short: 'y' },
  vars: { type: 'boolean' },
} as const

/**
 * `tsplay inventory -i … --list | --graph [group] | --host H`: what was read, in the form of `ansible-inventory`.
 * @throws InputError
 */
export function inventoryCommand(argv: readonly string[], world: CommandWorld): ExitCode {
  const { values, positionals } = parseArguments('tsplay inventory', argv, options)
  const chosen = [values.list, values.graph, values.host !== undefined].filter(Boolean)
  if (chosen.length !== 1) throw usage('say one of --list, --graph and --host NAME')
  if (positionals.length > (values.graph ? 1 : 0)) throw usage(`what is ${positionals.join(' ')}?`)
  const inventory = readInventories(values.inventory ?? [], world)
  const limit = values.limit === undefined ? undefined : expandLimit(values.limit, readFile)
  const hosts = resolvePattern(inventory, 'all', { limit })
  const show = (value: object): string =>
    values.yaml ? stringifyYaml(sorted(value)) : `${toPythonJson(value)}\n`
  const text = values.graph
    ? `${graphView(inventory, groupNamed(positionals[0] ?? 'all', inventory), { hosts, vars: values.vars ?? false })}\n`
    : values.list
      ? show(values.yaml ? yamlView(inventory, hosts) : listView(inventory, hosts))
      : show(hostValues(inventory, hostNamed(values.host ?? '', inventory)))
  world.stdout.write(text)
  return exitCodes.ok
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function groupNamed(name: string, inventory: Inventory): string {
  if (inventory.groups.has(name)) return name
  const meant = didYouMean(name, inventory.groups.keys())
  throw usage(`there is no group ${name}`, meant && `did you mean ${meant}?`)
}

/** The one host that a pattern names. */
function hostNamed(pattern: string, inventory: Inventory): string {
  const [host, ...others] = resolvePattern(inventory, pattern)
  if (host !== undefined && others.length === 0) return host
  throw usage(`--host ${pattern} names ${others.length === 0 ? 'no host' : 'more than one host'}`)
}

/** Members by name, as Ansible prints them. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map((key) => [key, sorted((value as Record<string, unknown>)[key])]))
}
