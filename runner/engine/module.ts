import type { ItemResult } from '../events.js'
import {
  type AnyModule,
  type ApplyHost,
  type Change,
  type Controller,
  ModuleFailure,
  type ProbeHost,
  type Resource,
  type ResultFields,
} from '../modules/module.js'
import { problemsOf } from '../modules/problems.js'
import type { Applier } from './applier.js'
import type { PlannedChange } from './host.js'
import { UnknownError } from './unknown.js'

/** What a module found and what it would do. */
export interface Planned {
  readonly args: unknown
  readonly fields: ResultFields
  readonly change: Change<unknown> | undefined
}

/** Validate, prepare, probe, diff. Nothing is written. @throws ModuleFailure, HostError */
export async function planModule(
  module: AnyModule,
  values: unknown,
  host: ProbeHost,
  controller: Controller,
): Promise<Planned> {
  const args = validate(module, values)
  const prepared = module.prepare ? await module.prepare(args, controller) : args
  const state = await module.probe(host, prepared)
  return {
    args: prepared,
    fields: module.result?.(prepared, state) ?? {},
    change: module.diff(prepared, state) as Change<unknown> | undefined,
  }
}

/** The arguments as the module's schema has them. @throws ModuleFailure naming each wrong one */
export function validate(module: Pick<AnyModule, 'name' | 'args'>, values: unknown): unknown {
  const parsed = module.args.safeParse(values)
  if (parsed.success) return parsed.data
  const problems = problemsOf(parsed.error).map(({ path, message }) =>
    path.length > 0 ? `argument '${path.join('.')}': ${message}` : message,
  )
  throw new ModuleFailure(`${module.name}: ${problems.join('; ')}`)
}

/** What became of a planned module on one host: nothing to do, foretold, or applied. */
export type Settled = Pick<ItemResult, 'status' | 'summary' | 'differences'> & {
  readonly fields: ResultFields
}

/** Apply a change, or foretell it where there is no applier. @throws ModuleFailure, HostError, UnknownError */
export async function settle(
  module: AnyModule,
  planned: Planned,
  host: ApplyHost,
  applier: Applier | undefined,
  earlier: readonly PlannedChange[],
): Promise<Settled> {
  const { change, fields } = planned
  if (!change) return { status: 'ok', summary: [], differences: [], fields }
  const { summary, differences = [] } = change
  checkRequirements(change.requires ?? [], applier ? [] : earlier)
  if (!applier) return foretell(planned, earlier)
  const applied = await applier(module, host, planned.args, change)
  const status = change.waits ? 'ok' : 'changed'
  return { status, summary, differences, fields: { ...fields, ...applied } }
}

/** In check mode nothing is waited for: what an earlier task would bring about is unknown. */
function foretell({ change, fields }: Planned, earlier: readonly PlannedChange[]): Settled {
  const { summary = [], differences = [], waits } = change ?? {}
  const last = earlier.at(-1)
  if (waits && last) throw new UnknownError(last.task)
  return { status: waits ? 'ok' : 'changed', summary, differences, fields }
}

/**
 * What is required and absent must come from an earlier task that check mode only foretold. A task that may bring
 * anything (`*`) leaves it unknown; where no task brings it, applying would fail, and so it fails here.
 */
function checkRequirements(requires: readonly Resource[], earlier: readonly PlannedChange[]): void {
  for (const resource of requires) {
    if (earlier.some((change) => change.provides.includes(resource))) continue
    const opaque = earlier.findLast((change) => change.provides.includes('*'))
    if (opaque) throw new UnknownError(opaque.task)
    const [kind, ...name] = resource.split(':')
    throw new ModuleFailure(`${describeKind(kind)} ${name.join(':')} does not exist`, { missing: resource })
  }
}

const kinds: Readonly<Record<string, string>> = {
  file: 'the file or folder',
  unit: 'the unit',
  command: 'the command',
  package: 'the package',
  user: 'the user',
  group: 'the group',
  sysctl: 'the kernel setting',
  node: 'the node',
}

function describeKind(kind = ''): string {
  return kinds[kind] ?? kind
}
