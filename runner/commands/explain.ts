import { parseArguments, usage } from '../arguments.js'
import { type Diagnostic, didYouMean, type ExitCode, exitCodes } from '../errors.js'
import { EvaluationError } from '../expression/index.js'
import { readExtraVars } from '../extra-vars.js'
import { resolvePattern } from '../inventory/index.js'
import type { Inventory } from '../inventory/inventory.js'
import { loadLibrary } from '../library/load.js'
import { loadPlan } from '../plan/load.js'
import type { PlanNode, Play } from '../plan/plan.js'
import { extraLayer, staticScope } from '../plan/static-scope.js'
import { Secret } from '../secrets/secret.js'
import { diskFiles } from '../syntax/files.js'
import { formatPosition } from '../syntax/source.js'
import { type Layer, type LayerName, layerDocs, type Variable } from '../vars/layers.js'
import { magicVariables } from '../vars/magic.js'
import type { HostScope } from '../vars/scope.js'
import { type CommandWorld, readInventories, refuse } from './options.js'
import { toPythonJson } from './python.js'

const options = {
  inventory: { type: 'string', short: 'i', multiple: true },
  'extra-vars': { type: 'string', short: 'e', multiple: true },
  role: { type: 'string' },
} as const

/**
 * `tsplay explain -i … HOST NAME [PLAYBOOK]`: a variable's value on a host, which definition won and where it stands,
 * and which ones it hides. With a playbook, its plays' variables and the files beside it count, too, and roles whose tasks
 * see another value are told of, each by its name; `--role` asks for one of them. With `-e`, those of the command line.
 * @throws InputError
 */
export async function explainCommand(argv: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const { values, positionals } = parseArguments('tsplay explain', argv, options)
  const [pattern, name, playbook, ...rest] = positionals
  if (pattern === undefined || name === undefined || rest.length > 0)
    throw usage('say which: tsplay explain -i inventory.yaml HOST NAME [PLAYBOOK [--role ROLE]]')
  const problems: Diagnostic[] = []
  const extraVars = readExtraVars(values['extra-vars'] ?? [], problems)
  refuse(problems, world)
  if (playbook !== undefined) await loadLibrary([playbook], world.cwd, diskFiles())
  const { inventory, plays } = load(values.inventory ?? [], playbook, extraVars, world)
  const [host, ...others] = resolvePattern(inventory, pattern)
  if (host === undefined || others.length > 0)
    throw usage(`${pattern} names ${others.length > 0 ? 'more than one host' : 'no host'}`)
  const views = plays.flatMap(({ layers, secrets, nodes, handlers }) => {
    const scope = staticScope(inventory, host, [...layers, extraLayer(extraVars)])
    const inRoles = rolesOf([...nodes, ...handlers]).map((each) => ({
      role: each.role,
      scope: scope.extend(each.layers),
    }))
    return [{ role: undefined, scope }, ...inRoles].map((view) => ({ ...view, isSecret: secrets.has(name) }))
  })
  const wanted = values.role === undefined ? views : ofRole(values.role, views)
  const texts = new Map<string, string>()
  for (const { role, scope, isSecret } of wanted) {
    const text = describe(name, scope, isSecret)
    if (text !== undefined && !texts.has(text))
      texts.set(text, role === undefined ? text : `role ${role}:\n${text}`)
  }
  world.stdout.write(
    texts.size > 0 ? [...texts.values()].join('\n') : describeOther(host, name, wanted[0]!.scope),
  )
  return exitCodes.ok
}

/** What the tasks of a role see beside the play's variables, for each place that the role has in a play. */
function rolesOf(nodes: readonly PlanNode[]): { role: string; layers: readonly Layer[] }[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'block') return rolesOf([...node.block, ...node.rescue, ...node.always])
    if (node.kind === 'meta') return []
    const { role, layers } = node.kind === 'task' ? node : node.task
    const own = role
      ? [{ role: role.name, layers: layers.filter((layer) => roleLayers.has(layer.name)) }]
      : []
    return node.kind === 'include' ? [...own, ...rolesOf(node.children)] : own
  })
}

const roleLayers: ReadonlySet<LayerName> = new Set([
  'role-defaults',
  'role-vars',
  'role-params',
  'include-params',
])

function ofRole<View extends { readonly role: string | undefined }>(
  role: string,
  views: readonly View[],
): View[] {
  const found = views.filter((view) => view.role === role)
  if (found.length > 0) return found
  const known = views.flatMap((view) => view.role ?? [])
  const meant = didYouMean(role, known)
  throw usage(
    `--role: no play has a task of the role ${role}`,
    meant
      ? `did you mean ${meant}?`
      : known.length > 0
        ? `roles: ${[...new Set(known)].join(', ')}`
        : 'name a playbook',
  )
}

type PlayVariables = Pick<Play, 'layers' | 'secrets' | 'nodes' | 'handlers'>

/** Without a playbook, as if a play had no variables of its own. */
function load(
  sources: readonly string[],
  playbook: string | undefined,
  extraVars: ReadonlyMap<string, unknown>,
  world: CommandWorld,
): { inventory: Inventory; plays: readonly PlayVariables[] } {
  if (playbook === undefined)
    return {
      inventory: readInventories(sources, world),
      plays: [{ layers: [], secrets: new Set(), nodes: [], handlers: [] }],
    }
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
