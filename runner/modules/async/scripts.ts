import { shellScript } from '../script.js'

const inFolder = `case "$HOME" in
  /*) ;;
  *) echo "no home folder to keep jobs in: HOME is '$HOME'" >&2; exit 1 ;;
esac
folder=$HOME/.tsplay_async/$job`

/**
 * Runs beside the job, in a session of its own, and keeps it: the program gets another session, so that at the limit all of
 * it can be stopped; TERM first, KILL for what is left some seconds later. How it ended is told last, by a rename. A job whose
 * folder has gone, or whose disk is full, is stopped all the same: `true`, since a shell ends where `:` cannot write.
 */
export const keeperScript = shellScript(
  'async-keeper',
  'apply',
  ['job', 'limit'],
  `mask=$1
${inFolder}
(
  umask "$mask"
  exec setsid /bin/sh "$folder/program"
) <"$folder/input" >"$folder/stdout" 2>"$folder/stderr" &
started=$!
# shellcheck disable=SC2016
setsid /bin/sh -c 'sleep "$2"
[ -e "$1/code" ] && exit
true >"$1/expired"
kill -TERM "-$3"
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
  sleep 0.2 2>/dev/null || sleep 1
  kill -0 "-$3" || exit
done
kill -KILL "-$3"' sh "$folder" "$limit" "$started" &
guard=$!
wait "$started"
code=$?
if [ -e "$folder/expired" ]; then
  wait "$guard"
else
  # Itself first: it may not have a session of its own yet, and would leave its sleep behind.
  kill -KILL "$guard"
  kill -KILL "-$guard" 2>/dev/null
fi
date +%s >"$folder/ended"
rm -f "$folder/program" "$folder/input"
echo "$code" >"$folder/code.new" && mv "$folder/code.new" "$folder/code"`,
)

/** Starts a job; what it prints is its folder. The program's standard input is the script's own. */
export const startScript = shellScript(
  'async-start',
  'apply',
  ['job', 'program', 'keeper', 'about'],
  `${inFolder}
command -v setsid >/dev/null 2>&1 || { echo 'async needs the program setsid (util-linux) on the host' >&2; exit 1; }
mask=$(umask)
umask 077
{ [ -d "$HOME/.tsplay_async" ] || mkdir "$HOME/.tsplay_async"; } && mkdir "$folder" || exit 1
printf '%s' "$program" >"$folder/program" &&
  printf '%s\\n' "$about" >"$folder/about" &&
  cat >"$folder/input" &&
  date +%s >"$folder/started" &&
  cat /proc/sys/kernel/random/boot_id >"$folder/boot" || exit 1
setsid /bin/sh -c "$keeper" keeper "$mask" </dev/null >/dev/null 2>&1 &
echo "$!" >"$folder/keeper"
printf '%s\\n' "$folder"`,
)

/** How a job stands: lines `name value` and an empty one, then what it printed, once it has ended. */
export const statusScript = shellScript(
  'async-status',
  'probe',
  ['job'],
  `${inFolder}
if [ ! -e "$folder/keeper" ]; then
  echo 'state absent'
  exit
fi
is_kept() {
  [ "$(cat "$folder/boot")" = "$(cat /proc/sys/kernel/random/boot_id)" ] || return 1
  { read -r stat <"/proc/$(cat "$folder/keeper")/stat"; } 2>/dev/null || return 1
  case "\${stat##*) }" in Z* | X*) return 1 ;; esac
}
if [ -e "$folder/code" ]; then
  state=finished
elif is_kept; then
  state=running
elif [ -e "$folder/code" ]; then
  state=finished
else
  state=lost
fi
echo "state $state"
echo "folder $folder"
for name in started ended code about; do
  if [ -e "$folder/$name" ]; then printf '%s %s\\n' "$name" "$(cat "$folder/$name")"; fi
done
if [ -e "$folder/expired" ]; then echo 'expired yes'; fi
echo
[ "$state" = finished ] || exit 0
cat "$folder/stdout"
cat "$folder/stderr" >&2`,
)

/** Forgets a job that has ended. */
export const cleanupScript = shellScript('async-cleanup', 'apply', ['job'], `${inFolder}\nrm -rf "$folder"`)
