import { tellFull } from '../files/leftovers.js'
import { type ApplyHost, type Change, ModuleFailure } from '../module.js'
import { mustRun } from '../outcome.js'
import { shellScript } from '../script.js'
import { globFor, type NftState, namesOf } from './state.js'
import { type NftRule, renderTable, withRule } from './table.js'

/** What is asked of one rule. */
export interface NftOrder {
  readonly wanted: NftRule
  readonly present: boolean
  readonly table: string
  readonly priority: number
  readonly dest: string
}

export interface NftWork {
  /** The file's text; undefined: neither file nor table stay. */
  readonly body: string | undefined
  /** The file that shall take ours in, and does not yet. */
  readonly conf: string
  /** The rules of the table, then. */
  readonly rules: readonly NftRule[]
}

/** @throws ModuleFailure on a host without nft */
export function planNftables(order: NftOrder, state: NftState): Change<NftWork> | undefined {
  const { wanted, present, table, dest } = order
  if (!state.installed) {
    if (present) throw new ModuleFailure('nft is not installed', {}, 'the package nftables has it')
    return undefined
  }
  const after = present
    ? withRule(state.kept, wanted)
    : state.kept.filter((rule) => rule.comment !== wanted.comment)
  const body = after.length === 0 ? undefined : renderTable(table, order.priority, after)
  const sameFile = body === state.file
  const inKernel = body === undefined ? state.loaded === undefined : sameNames(namesOf(after), state.loaded)
  const conf = body !== undefined && !state.included ? state.conf : ''
  if (sameFile && inKernel && conf === '') return undefined
  return {
    summary: [
      ...(sameFile ? [] : [`${present ? 'set' : 'remove'} the rule ${wanted.comment}`]),
      ...(inKernel || !sameFile ? [] : [`load the table ${table}`]),
      ...(conf === '' ? [] : [`include ${globFor(dest)} in ${conf}`]),
    ],
    differences: [
      ...(sameFile ? [] : [{ subject: dest, before: state.file ?? '', after: body ?? '' }]),
      ...(conf === '' ? [] : [{ subject: conf, before: '', after: includeLine(dest) }]),
    ],
    provides: [`file:${dest}`],
    data: { body, conf, rules: after },
  }
}

const includeLine = (dest: string) => `include "${globFor(dest)}"\n`

const sameNames = (wanted: readonly string[], loaded: readonly string[] | undefined) =>
  loaded !== undefined && wanted.length === loaded.length && wanted.every((one, at) => one === loaded[at])

// The table is checked, then replaced in one step; only then does the file take the place of the old one.
const applyScript = shellScript(
  'apply-nftables',
  'apply',
  ['dest', 'body', 'table', 'conf', 'line'],
  `${tellFull}PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
umask 022
temp=''
trap 'rm -f -- "$temp"' EXIT
trap 'exit 143' HUP INT TERM
if [ -z "$body" ]; then
  printf 'table inet %s\\ndelete table inet %s\\n' "$table" "$table" | nft -f - || exit 1
  rm -f -- "$dest" || exit 1
  exit 0
fi
mkdir -p -- "\${dest%/*}" || exit 1
temp=$(mktemp "\${dest%/*}/.tsplay.XXXXXX") || exit 1
printf '%s' "$body" >"$temp" || fs_unwritten "$temp" "\${dest%/*}"
nft -c -f "$temp" || exit 1
nft -f "$temp" || exit 1
chmod 644 "$temp" || exit 1
sync "$temp" 2>/dev/null || :
mv -f -- "$temp" "$dest" || exit 1
[ -n "$conf" ] || exit 0
conf=$(readlink -f -- "$conf") || exit 1
temp=$(mktemp "\${conf%/*}/.tsplay.XXXXXX") || exit 1
cp -p -- "$conf" "$temp" || exit 1
[ -z "$(tail -c 1 "$conf")" ] || echo >>"$temp" || fs_unwritten "$temp" "\${conf%/*}"
printf '%s' "$line" >>"$temp" || fs_unwritten "$temp" "\${conf%/*}"
mv -f -- "$temp" "$conf"`,
)

/** @throws ModuleFailure with what nft said, and nothing changed */
export async function applyNftables(
  host: ApplyHost,
  order: NftOrder,
  { body = '', conf }: NftWork,
): Promise<void> {
  const { dest, table, wanted } = order
  const values = { dest, body, table, conf, line: includeLine(dest) }
  await mustRun(host, applyScript(values), `set the rule ${wanted.comment}`)
}
