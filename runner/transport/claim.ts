import { assignments } from './script.js'
import { ConnectError, type Outcome } from './transport.js'

/** What a run says where it changes a host: other runs leave that host alone as long as it is connected. */
export interface Claim {
  /** When it began, in ms, and a random word: `1764316962123-5f0c…`. */
  readonly run: string
  /** Who it is, for the person whose run finds it: one line. */
  readonly owner: string
  /** How long it waits for another run to end. */
  readonly waitSeconds: number
  /** Where the file of the lock stands, for tests. */
  readonly folder?: string | undefined
}

/**
 * Takes the lock in the kept shell itself, which holds it by its descriptor 9 until it ends, however that comes about;
 * scripts get it closed, so that what they leave running holds nothing. Sets `tsplay_held` where another run has it.
 * A run may have several shells of one user on one machine, under two names: the second finds the first one's word.
 * Of two runs that each hold what the other wants, the one that began first waits for the other to give up. Who has just
 * taken the lock has yet to write its name: so it is read twice. Root's lock is in /run, another user's in
 * that user's runtime folder. Where there is no flock, or no place for the file, a marker says that nothing is locked.
 */
const claimBody = `tsplay_held=
if [ -z "$tsplay_folder" ]; then
  tsplay_folder=/run
  [ "$(id -u)" = 0 ] || tsplay_folder=\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
fi
tsplay_lock=$tsplay_folder/.tsplay.lock
if ! command -v flock >/dev/null 2>&1; then tsplay_say '\\001%s:0:u:1\\n' "$tsplay_nonce"
elif ! (umask 077 && : >>"$tsplay_lock") 2>/dev/null; then tsplay_say '\\001%s:0:u:2\\n' "$tsplay_nonce"
else
  exec 9>>"$tsplay_lock"
  tsplay_waited=0
  while ! flock -n 9; do
    IFS= read -r tsplay_line <"$tsplay_lock" || [ -n "$tsplay_line" ] || tsplay_line='0-0 another run'
    tsplay_other=\${tsplay_line%% *}
    [ "$tsplay_other" = "$tsplay_run" ] && break
    tsplay_limit=$tsplay_wait
    [ "\${tsplay_other%%-*}" -gt "\${tsplay_run%%-*}" ] 2>/dev/null && tsplay_limit=$((tsplay_wait + 15))
    if [ "$tsplay_waited" -lt $((5 * tsplay_limit)) ]; then tsplay_sure=
    elif [ -n "$tsplay_sure" ]; then
      tsplay_held="$tsplay_run \${tsplay_line#* }"
      break
    else tsplay_sure=1
    fi
    if sleep 0.2 2>/dev/null; then tsplay_waited=$((tsplay_waited + 1))
    else sleep 1; tsplay_waited=$((tsplay_waited + 5))
    fi
  done
  if [ -n "$tsplay_held" ]; then exec 9>&-
  elif [ "$tsplay_other" != "$tsplay_run" ]; then printf '%s %s\\n' "$tsplay_run" "$tsplay_owner" >"$tsplay_lock"
  fi
fi
`

/** Why nothing is locked, by the value of the marker. */
export function whyUnlocked(value: number): string {
  return value === 1
    ? 'it has no flock'
    : 'a user that tasks run as has no folder for the lock, /run/user/UID'
}

/** The words that precede a session's first script that changes something. */
export function renderClaim({ run, owner, waitSeconds, folder = '' }: Claim): string {
  const vars = {
    tsplay_run: run,
    tsplay_owner: owner.replaceAll(/[\r\n]+/g, ' '),
    tsplay_wait: String(Math.max(1, Math.ceil(waitSeconds))),
    tsplay_folder: folder,
    tsplay_line: '',
    tsplay_other: '',
    tsplay_sure: '',
  }
  return `${assignments({ body: '', vars })}${claimBody}`
}

const refusedCode = 113

/** What keeps each such script from its work where the lock was not given. */
export const claimGuard = `[ -z "$tsplay_held" ] || { printf '%s\\n' "$tsplay_held" >&2; exit ${refusedCode}; }\n`

/** @throws ConnectError 'locked' where that is how a script ended */
export function checkClaim(outcome: Outcome, { run }: Claim): void {
  if (outcome.kind !== 'exited' || outcome.code !== refusedCode) return
  const said = outcome.stderr.toString('utf8')
  if (!said.startsWith(`${run} `)) return
  throw new ConnectError(
    'locked',
    `another run is changing this host: ${said.slice(run.length + 1).trim()}`,
    'the lock ends with the connections of that run, and with what it still does here; --lock-wait SECONDS waits for longer',
  )
}
