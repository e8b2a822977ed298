import type { Script } from './transport.js'

/**
 * Ends the process tree of a script: TERM, so that traps can clean up, then KILL for what is left after a second.
 * `parent` is the kept shell, `child` the script's subshell; a child that is no longer the parent's has ended by
 * itself, and whoever has its pid now is left alone. With `whole`, the kept shell is killed first, so that no script
 * that waits in its input can start. A process is known by pid and start time. Only /proc and sh are needed.
 */
const killBody = `look() {
  text=
  { while read -r line; do text="$text $line"; done <"/proc/$1/stat"; } 2>/dev/null
  # shellcheck disable=SC2086
  set -- \${text##*) }
  case "\${1-Z}" in Z | X) return 1 ;; esac
  ppid=$2
  start=\${20}
}
list() {
  for folder in /proc/[0-9]*; do
    look "\${folder#/proc/}" && echo "\${folder#/proc/} $ppid $start"
  done
}
tree() {
  table=$(list)
  wanted=" $* "
  found=
  grew=1
  while [ "$grew" = 1 ]; do
    grew=0
    while read -r pid ppid start; do
      case "$wanted" in *" $pid "*) continue ;; esac
      case "$wanted" in
        *" $ppid "*)
          wanted="$wanted$pid "
          found="$found $pid/$start"
          grew=1
          ;;
      esac
    done <<END
$table
END
  done
}
strike() {
  left=
  pids=
  for victim in $victims; do
    pid=\${victim%/*}
    if ! look "$pid" || [ "$start" != "\${victim#*/}" ]; then continue; fi
    left="$left $victim"
    pids="$pids $pid"
    kill -"$1" "$pid" 2>/dev/null
  done
}
if [ "$whole" = 1 ]; then
  tree "$parent"
  victims=$found
  kill -KILL "$parent" 2>/dev/null
else
  if ! look "$child" || [ "$ppid" != "$parent" ]; then exit 0; fi
  mine=$child/$start
  tree "$child"
  victims="$mine $found"
fi
strike TERM
for round in 1 2 3 4 5 6 7 8 9 10; do
  strike 0
  [ -n "$left" ] || exit 0
  sleep 0.1 2>/dev/null || { [ "$round" -lt 9 ] || sleep 1; }
done
# shellcheck disable=SC2086
tree $pids
victims="$victims $found"
strike KILL
for round in 1 2 3 4 5 6 7 8 9 10; do
  strike 0
  [ -n "$left" ] || exit 0
  sleep 0.1 2>/dev/null || { [ "$round" -lt 9 ] || sleep 1; }
done
exit 1
`

/** What to kill: the script whose subshell is `child`, or with null everything including the kept shell. */
export interface Victim {
  readonly parent: number
  readonly child: number | null
}

export function killScript({ parent, child }: Victim): Script {
  return {
    body: killBody,
    vars: { parent: String(parent), child: String(child ?? 0), whole: child === null ? '1' : '0' },
  }
}
