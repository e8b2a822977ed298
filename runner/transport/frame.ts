import { type Claim, claimGuard, renderClaim } from './claim.js'
import { latin1, quoteLatin1 } from './quote.js'
import { assignments } from './script.js'
import type { Script } from './transport.js'

/** First byte of every marker: rare in output, so that live output is hardly ever held back. */
export const markerByte = '\u0001'

/**
 * What a kept shell is told first: its nonce (never in argv, where other users of the host could read it), a locale
 * whose messages scripts can parse, the sbin folders that sshd's default PATH lacks, and the words that mark where a
 * script begins and ends. The begin marker carries the subshell's pid, which is what a timeout kills. `tsplay_say`
 * tries again because a program of the script may have left the shared pipe non-blocking and full.
 */
export const preludeBody = `tsplay_say() {
  for tsplay_try in 1 2 3 4 5; do
    # shellcheck disable=SC2059
    printf "$@" && return
    sleep "$tsplay_try"
  done
  exit 1
}
tsplay_begin() {
  tsplay_pid=0
  while read -r tsplay_key tsplay_value; do
    [ "$tsplay_key" = Tgid: ] && tsplay_pid=$tsplay_value && break
  done 2>/dev/null </proc/self/status
  tsplay_say '\\001%s:%s:b:%s\\n' "$tsplay_nonce" "$1" "$tsplay_pid"
  unset tsplay_nonce tsplay_key tsplay_value tsplay_pid tsplay_try
}
tsplay_end() {
  tsplay_say '\\001%s:%s:e:%s\\n' "$tsplay_nonce" "$1" "$2"
  tsplay_say '\\001%s:%s:e:%s\\n' "$tsplay_nonce" "$1" "$2" >&2
}
LC_ALL=C
for tsplay_dir in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
  case ":$PATH:" in
    *":$tsplay_dir:"*) ;;
    *) PATH="$PATH:$tsplay_dir" ;;
  esac
done
export LC_ALL PATH
tsplay_say '\\001%s:0:b:%s\\n' "$tsplay_nonce" "$$"
tsplay_say '\\001%s:0:b:%s\\n' "$tsplay_nonce" "$$" >&2
`

/** The prelude with the session's nonce (32 hexadecimal digits). */
export function renderPrelude(nonce: string): Buffer {
  return Buffer.from(`tsplay_nonce=${nonce}\n${preludeBody}`)
}

/** Remembers which bodies a shell already holds. One per session. */
export interface BodyCache {
  readonly names: Map<string, string>
  /** The shell was told to take the run's lock. */
  claimed?: boolean
}

/** Bodies are constant texts, so there are few; the bound is against a caller that breaks that rule. */
const maxBodies = 1000

/**
 * One script as the kept shell reads it. The body travels once, as a quoted variable, and runs by `eval` in a
 * subshell: so a syntax error, `exit`, `cd` or `set -e` in it cannot touch the kept shell. The shell parses the whole
 * compound command before it runs any of it, so a frame that was cut short never runs.
 * @throws QuoteError on NUL in a variable or the body
 */
export function renderFrame(script: Script, sequence: number, bodies: BodyCache, claim?: Claim): Buffer {
  // Before a body is taken as known: it throws.
  const assigned = assignments(script)
  let frame = ''
  let name = bodies.names.get(script.body)
  if (name === undefined) {
    const cached = bodies.names.size < maxBodies
    name = cached ? `tsplay_body${bodies.names.size}` : 'tsplay_body'
    frame += `${name}=${quoteLatin1(script.body)}\n`
    if (cached) bodies.names.set(script.body, name)
  }
  const claims = claim !== undefined && script.exclusive === true
  if (claims && !bodies.claimed) {
    bodies.claimed = true
    frame += renderClaim(claim)
  }
  const hasInput = script.stdin !== undefined && script.stdin.length > 0
  if (hasInput) frame += `printf ${printfFormat(latin1(script.stdin))} 2>/dev/null | `
  frame += `(\ntsplay_begin ${sequence}\n${claims ? claimGuard : ''}${assigned}eval "$${name}"\n) 9>&-`
  if (!hasInput) frame += ' </dev/null'
  return Buffer.from(`${frame}\ntsplay_end ${sequence} $?\n`, 'latin1')
}

/** Bytes as one quoted word that printf, as its format, prints back: the only way to a NUL that every sh has built in. */
function printfFormat(bytes: string): string {
  const text = bytes
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')
    .replaceAll('\0', '\\000')
    .replaceAll("'", "'\\''")
    .replace(/^-/, '\\055')
  return `'${text}'`
}
