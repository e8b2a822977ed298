import { isIPv4, isIPv6 } from 'node:net'
import { ModuleFailure, type ProbeHost } from '../module.js'
import { shellScript } from '../script.js'
import { hexOf } from '../ufw/address.js'

/** The states of a TCP connection by their number in /proc/net/tcp (include/net/tcp_states.h). */
const states = {
  ESTABLISHED: '01',
  SYN_SENT: '02',
  SYN_RECV: '03',
  FIN_WAIT1: '04',
  FIN_WAIT2: '05',
  TIME_WAIT: '06',
} as const

/** As Ansible names them. */
export const connectionStates = Object.keys(states) as (keyof typeof states)[]

const mapped = '00000000000000000000FFFF'

/**
 * How an address stands in /proc/net/tcp and tcp6: as words of 32 bits in the byte order of the host. An IPv4 address may
 * also stand in tcp6, mapped. `0.0.0.0` and `::` are every address of their family, as globs.
 */
export function addressesInProc(address: string, littleEndian: boolean): string[] {
  const every = /^[0.:]+$/.test(address)
  const words = (hex: string) =>
    hex
      .match(/.{8}/g)!
      .map((word) => (littleEndian ? word.match(/../g)!.reverse().join('') : word))
      .join('')
  if (isIPv4(address)) {
    const own = every ? '????????' : words(hexOf(address).toUpperCase())
    return [own, words(mapped) + own]
  }
  if (!isIPv6(address)) throw new ModuleFailure(`not an address: ${address}`)
  return [every ? '?'.repeat(32) : words(hexOf(address).toUpperCase())]
}

/** What `drained` asks for, as the variables of a script. */
export interface Drain {
  /** Globs, a line each; for hosts of either byte order. */
  readonly localLittle: string
  readonly localBig: string
  readonly remoteLittle: string
  readonly remoteBig: string
  /** Numbers, parted by spaces. */
  readonly states: string
}

/**
 * `drained`: 0 when no connection to `$port` counts. The list is read at once: bash reads a file bit by bit and goes back in
 * it, and misses connections where others come and go meanwhile. A kernel without the list is a failure, never "drained".
 */
export const drainedFunction = `drained() {
  case $(printf '\\001\\000' | od -An -tu2) in
    *256*) dr_local=$local_big dr_remote=$remote_big ;;
    *) dr_local=$local_little dr_remote=$remote_little ;;
  esac
  [ -r /proc/net/tcp ] || { echo 'this host does not tell its connections: there is no /proc/net/tcp' >&2; exit 1; }
  dr_port=$(printf '%04X' "$port")
  set -f
  for dr_file in /proc/net/tcp /proc/net/tcp6; do
    [ -r "$dr_file" ] || continue
    dr_table=$(cat "$dr_file") || exit 1
    while read -r _ dr_from dr_to dr_state _; do
      [ "\${dr_from##*:}" = "$dr_port" ] || continue
      case " $states " in *" $dr_state "*) ;; *) continue ;; esac
      dr_in "\${dr_to%:*}" "$dr_remote" && continue
      dr_in "\${dr_from%:*}" "$dr_local" && return 1
    done <<END
$dr_table
END
  done
  return 0
}
dr_in() {
  for dr_glob in $2; do
    # shellcheck disable=SC2254 # a glob is meant
    case $1 in $dr_glob) return 0 ;; esac
  done
  return 1
}
`

const resolveScript = shellScript(
  'resolve-names',
  'probe',
  ['names'],
  `command -v getent >/dev/null 2>&1 || { echo 'this host has no getent to look names up with: give addresses' >&2; exit 1; }
printf '%s\n' "$names" | while IFS= read -r name; do
  found=$(getent ahosts "$name") || { printf '%s\n' "no address of $name is known" >&2; exit 1; }
  printf '%s\n' "$found"
done`,
)

const isAddress = (name: string) => isIPv4(name) || isIPv6(name)
const known: Readonly<Record<string, readonly string[]>> = { localhost: ['127.0.0.1', '::1'] }

/** Names are looked up on the host, in a round trip of their own; addresses cost none. */
async function addressesOf(host: ProbeHost, names: readonly string[]): Promise<string[]> {
  const given = names.flatMap((name) => known[name] ?? (isAddress(name) ? [name] : []))
  const asked = names.filter((name) => !isAddress(name) && !known[name])
  if (asked.length === 0) return given
  const { stdout } = await host.query(resolveScript({ names: asked.join('\n') }))
  const found = stdout
    .toString()
    .split('\n')
    .map((line) => line.split(' ')[0]!)
  return [...new Set([...given, ...found.filter(isAddress)])]
}

/** @throws ModuleFailure for a name that the host cannot look up */
export async function drainOf(
  host: ProbeHost,
  args: {
    readonly host: string
    readonly exclude_hosts: readonly string[]
    readonly active_connection_states: readonly (keyof typeof states)[]
  },
): Promise<Drain> {
  const local = await addressesOf(host, [args.host])
  const remote = await addressesOf(host, args.exclude_hosts)
  const lines = (list: readonly string[], little: boolean) =>
    list.flatMap((address) => addressesInProc(address, little)).join('\n')
  return {
    localLittle: lines(local, true),
    localBig: lines(local, false),
    remoteLittle: lines(remote, true),
    remoteBig: lines(remote, false),
    states: args.active_connection_states.map((state) => states[state]).join(' '),
  }
}
