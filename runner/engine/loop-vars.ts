import type { Scope } from '../expression/compiled.js'
import type { LoopControl } from '../plan/plan.js'
import { asFlag } from './keywords.js'

/** The variables of one round of a loop: the item, its index, and with `extended` all of `ansible_loop`. */
export function loopVariables(
  control: LoopControl,
  items: readonly unknown[],
  index: number,
  scope: Scope,
): Map<string, unknown> {
  const values = new Map<string, unknown>([[control.loopVar, items[index]]])
  values.set('ansible_loop_var', control.loopVar)
  if (control.indexVar) values.set(control.indexVar, index).set('ansible_index_var', control.indexVar)
  const isOn = (value: typeof control.extended, name: string, fallback: boolean): boolean =>
    value ? asFlag(value.evaluate(scope), name, value) : fallback
  if (!isOn(control.extended, 'extended', false)) return values
  const { length } = items
  return values.set('ansible_loop', {
    index: index + 1,
    index0: index,
    revindex: length - index,
    revindex0: length - index - 1,
    first: index === 0,
    last: index === length - 1,
    length,
    ...(index > 0 && { previtem: items[index - 1] }),
    ...(index < length - 1 && { nextitem: items[index + 1] }),
    ...(isOn(control.extendedAllItems, 'extended_allitems', true) && { allitems: items }),
  })
}
