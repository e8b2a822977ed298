import { parseArguments, usage } from '../arguments.js'
import { type Diagnostic, didYouMean, type ExitCode, exitCodes, InputError } from '../errors.js'
import { EvaluationError } from '../expression/index.js'
import { readExtraVars } from '../extra-vars.js'
import { resolvePattern } from '../inventory/index.js'
import type { Inventory } from '../inventory/inventory.js'
import { loadLibrary } from '../library/load.js'
import { loadPlan } from '../plan/load.js'
import type { Play } from '../plan/plan.js'
import { extraLayer, staticScope } from '../plan/static-scope.js'
import { Secret } from '../secrets/secret.js'
import { diskFiles } from '../syntax/files.js'
import { formatPosition } from '../syntax/source.js'
import { layerDocs, type Variable } from '../vars/layers.js'
import { magicVariables } from '../vars/magic.js'
import type { HostScope } from '../vars/scope.js'
import { type CommandWorld, readInventories } from './options.js'
import { toPythonJson } from './python.js'

const options = {
  inventory: { type: 'string', short: 'i', multiple: true },
  'extra-vars': { type: 'string', short: 'e', multiple: true },
} as const

/**
 * `tsplay explain -i … HOST NAME [PLAYBOOK]`: a variable's value on a host, which definition won and where it stands,
 * and which ones it hides. With a playbook, its plays' variables and the files beside it count, too; with `-e`, those
 * of the command line.
 * @throws InputError
 */
export async function explainCommand(argv: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const { values, positionals } = parseArguments('tsplay explain', argv, options)
  const [pattern, name, playbook, ...rest] = positionals
  if (pattern === undefined || name === undefined || rest.length > 0)
    throw usage('say which: tsplay explain -i inventory.yaml HOST NAME [PLAYBOOK]')
  const problems: Diagnostic[] = []
  const extraVars = readExtraVars(values['extra-vars'] ?? [], problems)
  if (problems.length > 0) throw new InputError(problems)
  if (playbook !== undefined) await loadLibrary([playbook], world.cwd, diskFiles())
  const { inventory, plays } = load(values.inventory ?? [], playbook, extraVars, world)
  const [host, ...others] = resolvePattern(inventory, pattern)
  if (host === undefined || others.length > 0)
    throw usage(`${pattern} names ${others.length > 0 ? 'more than one host' : 'no host'}`)
  const scopes = plays.map(({ layers, secrets }) => ({
    scope: staticScope(inventory, host, [...layers, extraLayer(extraVars)]),
    isSecret: secrets.has(name),
  }))
  const texts = scopes.flatMap(({ scope, isSecret }) => describe(name, scope, isSecret) ?? [])
  world.stdout.write(
    texts.length > 0 ? [...new Set(texts)].join('\n') : describeOther(host, name, scopes[0]!.scope),
  )
  return exitCodes.ok
}

type PlayVariables = Pick<Play, 'layers' | 'secrets'>

/** Without a playbook, as if a play had no variables of its own. */
function load(
  sources: readonly string[],
  playbook: string | undefined,
  extraVars: ReadonlyMap<string, unknown>,
  world: CommandWorld,
): { inventory: Inventory; plays: readonly PlayVariables[] } {
  if (playbook === undefined)
    return { inventory: readInventories(sources, world), plays: [{ layers: [], secrets: new Set() }] }
  if (sources.length === 0) throw usage('which inventory?', '-i inventory.yaml')
  const { plan } = loadPlan({
    inventories: sources,
    playbooks: [playbook],
    extraVars,
    files: diskFiles(),
    cwd: world.cwd,
  })
  return plan
}

/** Nothing where no definition of the variable is in sight. */
function describe(name: string, scope: HostScope, isSecret: boolean): string | undefined {
  const found = scope.explain(name)
  if (!found) return undefined
  const value = (text: () => string): string => (isSecret ? '(secret)' : text())
  const lines = [
    `${name} = ${value(() => currentValue(name, scope))}`,
    `  set by ${placeOf(found.winner)}`,
    ...found.hidden.map((variable) => `  hides ${placeOf(variable)}: ${value(() => shown(variable))}`),
  ]
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
