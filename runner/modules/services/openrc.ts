import { type ApplyHost, type Change, ModuleFailure, type ResultFields } from '../module.js'
import { outputFields } from '../outcome.js'
import { shellScript } from '../script.js'

/** What is asked of a service of OpenRC. */
export interface OpenrcOrder {
  readonly name: string
  readonly state?: 'started' | 'stopped' | 'restarted' | 'reloaded' | undefined
  readonly enabled?: boolean | undefined
  readonly runlevel: string
  /** Seconds between stopping and starting again. */
  readonly sleep: number
  /** Seconds that all of it may take. */
  readonly timeout: number
}

/** What OpenRC says of it. */
export interface OpenrcState {
  readonly there: boolean
  readonly status: 'started' | 'stopped' | 'crashed' | 'starting' | 'stopping' | 'inactive'
  readonly runlevels: readonly string[]
}

/**
 * `show_openrc`: whether there is such a service, the exit code of its status, and the runlevels that it is in. The exit codes
 * are those of openrc-run: 0 started, 3 stopped, 4 stopping, 8 starting, 16 inactive, 32 crashed; any other is a failure.
 */
export const showOpenrc = `show_openrc() {
  if [ ! -e "/etc/init.d/$name" ]; then echo absent; return 0; fi
  echo there
  said=$(rc-service "$name" status 2>&1 </dev/null)
  status=$?
  case $status in
    0 | 3 | 4 | 8 | 16 | 32) echo "status $status" ;;
    *) printf '%s\\n' "rc-service $name status exits with $status: $said" >&2; exit 1 ;;
  esac
  for link in /etc/runlevels/*/"$name"; do
    if [ -L "$link" ] || [ -e "$link" ]; then
      link=\${link%/*}
      echo "runlevel \${link##*/}"
    fi
  done
}
`

const statuses: Readonly<Record<string, OpenrcState['status']>> = {
  0: 'started',
  3: 'stopped',
  4: 'stopping',
  8: 'starting',
  16: 'inactive',
  32: 'crashed',
}

/** Reads what `show_openrc` prints. */
export function readOpenrc(lines: readonly string[]): OpenrcState {
  const value = (key: string) =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1))
  return {
    there: lines.includes('there'),
    status: statuses[value('status')[0] ?? '3'] ?? 'stopped',
    runlevels: value('runlevel'),
  }
}

/** What applying does, in this order. */
export interface OpenrcWork {
  readonly enable: 'add' | 'del' | ''
  readonly verb: 'start' | 'stop' | 'restart' | 'reload' | 'zap-start' | ''
}

export function planOpenrc(order: OpenrcOrder, state: OpenrcState): Change<OpenrcWork> | undefined {
  const { name, enabled, runlevel } = order
  const inLevel = state.runlevels.includes(runlevel)
  const enable = enabled === undefined || enabled === inLevel ? '' : enabled ? 'add' : 'del'
  const verb = verbFor(order, state)
  if (enable === '' && verb === '') return undefined
  const wanted = verb === 'zap-start' ? 'start' : verb
  const levels =
    enable === 'add'
      ? [...state.runlevels, runlevel]
      : state.runlevels.filter((l) => enable !== 'del' || l !== runlevel)
  const after = {
    start: 'started',
    stop: 'stopped',
    restart: 'started (restarted)',
    reload: 'started (reloaded)',
    '': state.status,
  }
  return {
    summary: [
      ...(enable === ''
        ? []
        : [enable === 'add' ? `add ${name} to ${runlevel}` : `take ${name} out of ${runlevel}`]),
      ...(wanted === '' ? [] : [`${wanted} ${name}`]),
    ],
    differences: [
      {
        subject: name,
        before: `${state.status}\n${state.runlevels.join(' ')}\n`,
        after: `${after[wanted]}\n${levels.join(' ')}\n`,
      },
    ],
    ...(state.there ? {} : { requires: [`file:/etc/init.d/${name}`] }),
    ...(wanted === '' || wanted === 'stop' ? {} : { provides: ['*'] }),
    data: { enable, verb },
  }
}

/** What has crashed is forgotten first: OpenRC would call it started already. */
function verbFor({ state: wanted }: OpenrcOrder, { there, status }: OpenrcState): OpenrcWork['verb'] {
  const up = status === 'started' || status === 'starting' || status === 'inactive'
  switch (wanted) {
    case 'started':
      return up ? '' : status === 'crashed' ? 'zap-start' : 'start'
    case 'stopped':
      return !there || status === 'stopped' || status === 'stopping' ? '' : 'stop'
    case 'restarted':
      return 'restart'
    case 'reloaded':
      return up ? 'reload' : 'start'
    default:
      return ''
  }
}

const applyScript = shellScript(
  'apply-openrc',
  'apply',
  ['name', 'enable', 'verb', 'runlevel', 'pause'],
  `PATH=$PATH:/usr/sbin:/sbin
export PATH
rc() { rc-service "$name" "$@" >&2 </dev/null; }
case $enable in
  add | del) rc-update "$enable" "$name" "$runlevel" >&2 || exit 1 ;;
esac
case $verb in
  '') ;;
  zap-start) rc zap && rc start || exit 1 ;;
  restart)
    if [ "$pause" -gt 0 ]; then
      rc stop || exit 1
      sleep "$pause"
      rc start || exit 1
    else
      rc restart || exit 1
    fi
    ;;
  *) rc "$verb" || exit 1 ;;
esac`,
)

/** @throws ModuleFailure with what rc-service said */
export async function applyOpenrc(
  host: ApplyHost,
  order: OpenrcOrder,
  { enable, verb }: OpenrcWork,
): Promise<ResultFields> {
  const { name, runlevel, sleep, timeout } = order
  const values = { name, enable, verb, runlevel, pause: `${sleep}` }
  const fields = outputFields(await host.run(applyScript(values, { timeoutMs: Math.round(timeout * 1000) })))
  if (fields.rc === 0) return {}
  const doing = [enable === '' ? '' : `${enable} ${name} ${runlevel}`, verb === '' ? '' : `${verb} ${name}`]
  throw new ModuleFailure(
    `could not ${doing.filter((word) => word !== '').join(', ')}: ${fields.stderr}`,
    fields,
  )
}
