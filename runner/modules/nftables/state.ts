import { findPath } from '../files/fragments.js'
import type { ProbeHost } from '../module.js'
import { shellScript } from '../script.js'
import { type NftRule, readTable } from './table.js'

/** What the host has of our table. */
export interface NftState {
  readonly installed: boolean
  /** The file that is loaded at boot, as the distribution names it; '' where there is none. */
  readonly conf: string
  /** Whether that file takes in what lies beside our own. */
  readonly included: boolean
  /** Whether the service that loads it runs. */
  readonly service: string
  /** Our file, and its rules; undefined: not there. */
  readonly file: string | undefined
  readonly kept: readonly NftRule[]
  /** The comments of the rules that the kernel has, by chain and in order; undefined: no such table. */
  readonly loaded: readonly string[] | undefined
}

const script = shellScript(
  'probe-nftables',
  'probe',
  ['table', 'dest', 'root'],
  `${findPath}PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
command -v nft >/dev/null 2>&1 || { echo absent; exit 0; }
echo there
for conf in nftables.conf sysconfig/nftables.conf nftables.nft; do
  if [ -e "$root/$conf" ]; then
    echo "conf $root/$conf"
    sed -n 's/^[[:space:]]*include[[:space:]]*/include /p' "$root/$conf" || exit 1
    break
  fi
done
if command -v systemctl >/dev/null 2>&1; then echo "service $(systemctl is-active nftables 2>/dev/null)"; fi
if listed=$(nft -s list table inet "$table" 2>&1); then
  printf '== kernel\\n%s\\n' "$listed"
else
  case $listed in
    *'No such file or directory'*) ;;
    *) printf '%s\\n' "$listed" >&2; exit 1 ;;
  esac
fi
if fs_find "$dest"; then
  echo '== file'
  cat <"$dest" || exit 1
fi`,
)

/** One round trip. `root`: where the configuration is, usually /etc. */
export async function probeNftables(
  host: ProbeHost,
  asked: { readonly table: string; readonly dest: string },
  root = '/etc',
): Promise<NftState> {
  const { stdout } = await host.query(script({ ...asked, root }))
  return readNftables(stdout.toString('utf8'), asked.dest)
}

/** Reads what the probe prints. */
export function readNftables(text: string, dest: string): NftState {
  const [rest = '', file] = split(text, '== file\n')
  const [head = '', kernel] = split(rest, '== kernel\n')
  const lines = head.split('\n')
  const value = (key: string) => lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1)
  const takesIn = new Set([dest, globFor(dest)])
  const includes = lines.flatMap((line) => /^include "?([^"]+?)"?\s*$/.exec(line)?.[1] ?? [])
  return {
    installed: lines[0] === 'there',
    conf: value('conf') ?? '',
    included: includes.some((path) => takesIn.has(path)),
    service: value('service') ?? '',
    file,
    kept: readTable(file ?? ''),
    loaded: kernel === undefined ? undefined : namesOf(readTable(kernel)),
  }
}

/** A glob that matches nothing is fine to nft; a file that is not there is an error. */
export const globFor = (dest: string) => `${dest.slice(0, dest.lastIndexOf('/'))}/*.nft`

/** The names of rules, by chain and in order: what the file and the kernel are compared by. */
export const namesOf = (rules: readonly NftRule[]) =>
  [...new Set(rules.map((rule) => rule.chain))]
    .sort()
    .flatMap((chain) =>
      rules.filter((rule) => rule.chain === chain).map(({ comment }) => `${chain} ${comment}`),
    )

function split(text: string, mark: string): [string, string | undefined] {
  const at = text.startsWith(mark) ? 0 : text.indexOf(`\n${mark}`) + 1
  if (at === 0 && !text.startsWith(mark)) return [text, undefined]
  return [text.slice(0, at), text.slice(at + mark.length)]
}
