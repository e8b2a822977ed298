import { InputError, type Report } from '../errors.js'
import { EvaluationError } from '../expression/compiled.js'
import { resolvePattern } from '../inventory/index.js'
import type { Inventory } from '../inventory/inventory.js'
import type { Layer } from '../vars/layers.js'
import type { Play } from './plan.js'
import { staticScope } from './static-scope.js'

/**
 * The hosts of a play, where its pattern is known before the run; nothing where it is not. A name that is no host and no
 * group is reported where the pattern stands.
 */
export function hostsOf(
  play: Play,
  inventory: Inventory,
  layers: readonly Layer[],
  report: Report,
): string[] {
  try {
    const scope = staticScope(inventory, 'localhost', layers)
    const value = play.hosts.constant ? play.hosts.constant.value : play.hosts.evaluate(scope)
    return resolvePattern(inventory, Array.isArray(value) ? value.map(String) : String(value))
  } catch (error) {
    if (error instanceof EvaluationError) return []
    if (!(error instanceof InputError)) throw error
    for (const diagnostic of error.diagnostics) report({ ...diagnostic, span: play.hosts.span })
    return []
  }
}
