import { type Change, ModuleFailure, type ProbeHost } from '../module.js'
import { outputText } from '../outcome.js'
import { shellScript } from '../script.js'

/** Where a setting holds: after the next start, or now. */
export type Side = 'permanent' | 'runtime'

/** What is asked of firewalld. */
export interface FirewalldOrder {
  /** '' for the default zone. */
  readonly zone: string
  /** As firewall-cmd names it: `service`, `rich-rule`; '' where the zone itself is meant. */
  readonly element: string
  /** '' for one that is only on or off. */
  readonly value: string
  readonly wanted: boolean
  readonly sides: readonly Side[]
  readonly target: string
  /** In seconds; 0 for none. */
  readonly timeout: number
}

export interface FirewalldState {
  readonly running: boolean
  /** Whether it is set, by side; for a zone itself whether it exists permanently. */
  readonly set: Readonly<Partial<Record<Side, boolean>>>
  /** The permanent target of the zone, where it was asked for. */
  readonly target: string
}

/** The words of every firewall-cmd that is run. */
export type FirewalldWork = readonly (readonly string[])[]

// A query exits 0 for yes and 1 for no; everything above is an error.
const script = shellScript(
  'probe-firewalld',
  'probe',
  ['zone', 'element', 'value', 'permanent', 'runtime', 'target'],
  `PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
command -v firewall-cmd >/dev/null 2>&1 || { echo absent; exit 0; }
firewall-cmd --state >/dev/null 2>&1 || { echo stopped; exit 0; }
echo running
ask() {
  said=$(firewall-cmd "$@" 2>&1)
  case $? in
    0) echo yes ;;
    1) echo no ;;
    *) printf '%s\\n' "$said" >&2; exit 1 ;;
  esac
}
if [ -z "$element" ]; then
  case " $(firewall-cmd --permanent --get-zones | tr '\\n' ' ') " in
    *" $zone "*) echo yes ;;
    *) echo no; exit 0 ;;
  esac
  if [ "$target" = yes ]; then firewall-cmd --permanent "--zone=$zone" --get-target || exit 1; fi
  exit 0
fi
query=--query-$element\${value:+=$value}
if [ "$permanent" = yes ]; then ask --permanent \${zone:+"--zone=$zone"} "$query"; fi
if [ "$runtime" = yes ]; then ask \${zone:+"--zone=$zone"} "$query"; fi`,
)

/** One round trip. */
export async function probeFirewalld(host: ProbeHost, order: FirewalldOrder): Promise<FirewalldState> {
  const { zone, element, value, sides, target } = order
  const yesNo = (side: Side) => (sides.includes(side) ? 'yes' : 'no')
  const asked = {
    permanent: yesNo('permanent'),
    runtime: yesNo('runtime'),
    target: target === '' ? 'no' : 'yes',
  }
  const { stdout } = await host.query(script({ zone, element, value, ...asked }))
  const [head, ...answers] = outputText(stdout).split('\n')
  if (head !== 'running') return { running: false, set: {}, target: '' }
  if (element === '')
    return { running: true, set: { permanent: answers[0] === 'yes' }, target: answers[1] ?? '' }
  const given = (['permanent', 'runtime'] as const).filter((side) => sides.includes(side))
  const set = Object.fromEntries(given.map((side, at) => [side, answers[at] === 'yes']))
  if (answers.length < given.length) throw new ModuleFailure('firewall-cmd gave no answer')
  return { running: true, set, target: '' }
}

/** What applying would run. */
export function planFirewalld(
  order: FirewalldOrder,
  state: FirewalldState,
): Change<FirewalldWork> | undefined {
  const { zone, element, value, wanted } = order
  const subject = element === '' ? `zone ${zone}` : `${element}${value === '' ? '' : ` ${value}`}`
  if (!state.running)
    return {
      summary: [`${wanted ? 'enable' : 'disable'} ${subject}`],
      requires: ['unit:firewalld.service'],
      data: [],
    }
  const work = element === '' ? zoneCommands(order, state) : elementCommands(order, state)
  if (work.length === 0) return undefined
  const sides = order.sides.filter((side) => state.set[side] !== wanted)
  const line = (on: boolean) => `${on ? subject : `no ${subject}`}\n`
  return {
    summary: [
      `${wanted ? 'enable' : 'disable'} ${subject}${sides.length > 0 ? ` (${sides.join(', ')})` : ''}`,
    ],
    differences: [{ subject: `firewalld ${zone}`.trim(), before: line(!wanted), after: line(wanted) }],
    data: work,
  }
}

function zoneCommands({ zone, wanted, target }: FirewalldOrder, state: FirewalldState): string[][] {
  const exists = state.set.permanent === true
  const fixed = ['--permanent', `--zone=${zone}`]
  if (target !== '') {
    const make = exists || !wanted ? [] : [['--permanent', `--new-zone=${zone}`]]
    const goal = wanted ? target : 'default'
    return exists || wanted
      ? state.target === goal
        ? make
        : [...make, [...fixed, `--set-target=${goal}`]]
      : []
  }
  if (exists === wanted) return []
  return [['--permanent', `--${wanted ? 'new' : 'delete'}-zone=${zone}`]]
}

function elementCommands(order: FirewalldOrder, state: FirewalldState): string[][] {
  const { zone, element, value, wanted, timeout } = order
  const verb = `--${wanted ? 'add' : 'remove'}-${element}${value === '' ? '' : `=${value}`}`
  return order.sides
    .filter((side) => state.set[side] !== wanted)
    .map((side) => [
      ...(side === 'permanent' ? ['--permanent'] : []),
      ...(zone === '' ? [] : [`--zone=${zone}`]),
      verb,
      ...(timeout > 0 && wanted && side === 'runtime' ? [`--timeout=${timeout}`] : []),
    ])
}
