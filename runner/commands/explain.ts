import { parseArguments, usage } from '../arguments.js'
import { didYouMean, type ExitCode, exitCodes } from '../errors.js'
import { EvaluationError } from '../expression/index.js'
import { resolvePattern } from '../inventory/index.js'
import type { Inventory } from '../inventory/inventory.js'
import { loadPlan } from '../plan/load.js'
import { staticScope } from '../plan/static-scope.js'
import { Secret } from '../secrets/secret.js'
import { diskFiles } from '../syntax/files.js'
import { formatPosition } from '../syntax/source.js'
import { type Layer, layerDocs, type Variable } from '../vars/layers.js'
import { magicVariables } from '../vars/magic.js'
import type { HostScope } from '../vars/scope.js'
import { type CommandWorld, readInventories } from './options.js'
import { toPythonJson } from './python.js'

const options = { inventory: { type: 'string', short: 'i', multiple: true } } as const

/**
 * `tsplay explain -i … HOST NAME [PLAYBOOK]`: a variable's value on a host, which definition won and where it stands,
 * and which ones it hides. With a playbook, its plays' variables and the files beside it count, too.
 * @throws InputError
 */
export function explainCommand(argv: readonly string[], world: CommandWorld): ExitCode {
  const { values, positionals } = parseArguments('tsplay explain', argv, options)
  const [pattern, name, playbook, ...rest] = positionals
  if (pattern === undefined || name === undefined || rest.length > 0)
    throw usage('say which: tsplay explain -i inventory.yaml HOST NAME [PLAYBOOK]')
  const { inventory, plays } = load(values.inventory ?? [], playbook, world)
  const [host, ...others] = resolvePattern(inventory, pattern)
  if (host === undefined || others.length > 0)
    throw usage(`${pattern} names ${others.length > 0 ? 'more than one host' : 'no host'}`)
  const scopes = plays.length > 0 ? plays : [[]]
  const texts = scopes.map((layers) => describe(host, name, staticScope(inventory, host, layers)))
  world.stdout.write([...new Set(texts)].join('\n'))
  return exitCodes.ok
}

function load(
  sources: readonly string[],
  playbook: string | undefined,
  world: CommandWorld,
): { inventory: Inventory; plays: readonly (readonly Layer[])[] } {
  if (playbook === undefined) return { inventory: readInventories(sources, world), plays: [] }
  if (sources.length === 0) throw usage('which inventory?', '-i inventory.yaml')
  const { plan } = loadPlan({
    inventories: sources,
    playbooks: [playbook],
    extraVars: new Map(),
    files: diskFiles(),
    cwd: world.cwd,
  })
  return { inventory: plan.inventory, plays: plan.plays.map(({ layers }) => layers) }
}

function describe(host: string, name: string, scope: HostScope): string {
  const found = scope.explain(name)
  if (!found) return describeOther(host, name, scope)
  const lines = [`${name} = ${currentValue(name, scope)}`, `  set by ${placeOf(found.winner)}`]
  for (const variable of found.hidden) lines.push(`  hides ${placeOf(variable)}: ${shown(variable)}`)
  return `${lines.join('\n')}\n`
}

function describeOther(host: string, name: string, scope: HostScope): string {
  const isMagic = Object.hasOwn(magicVariables, name)
  const doc = isMagic ? magicVariables[name as keyof typeof magicVariables] : undefined
  if (doc && name !== 'hostvars' && scope.lookup(name))
    return `${name} = ${currentValue(name, scope)}\n  set by tsplay itself: ${doc}\n`
  if (doc) return `${name} is set by tsplay itself: ${doc}\n`
  const meant = didYouMean(name, scope.names())
  throw usage(`nothing defines ${name} for ${host}`, meant && `did you mean ${meant}?`)
}

function currentValue(name: string, scope: HostScope): string {
  try {
    const value = scope.lookup(name)?.value
    return value instanceof Secret ? '(secret)' : indented(value)
  } catch (error) {
    if (error instanceof EvaluationError) return `(cannot be told before a run: ${error.message})`
    throw error
  }
}

function shown({ value }: Variable): string {
  const written = value.constant ? value.constant.value : value.written
  return written instanceof Secret ? '(secret)' : indented(written)
}

function indented(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? toPythonJson(value, '  ')
    : (JSON.stringify(value) ?? 'undefined')
}

function placeOf({ origin }: Variable): string {
  const { layer, span, note } = origin
  const place = span ? `${formatPosition(span)}, ` : ''
  return `${place}${note ? `${note}, ` : ''}${layer} (${layerDocs[layer]})`
}
