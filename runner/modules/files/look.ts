import { shellScript } from '../script.js'
import { loadQuestion, numbered, piecesOf, type Together } from '../together.js'
import { expandHome, findPath, printState } from './fragments.js'

/** A program that looks at one path, in two parts, after the fragments. */
export interface PathLook {
  readonly vars: readonly string[]
  /** Sets path, from its variables alone, and hash: `no` where the SHA-256 of the path is not asked for. Prints nothing. */
  readonly place: string
  /** Prints the answer; the first use of fs_state is for path. */
  readonly tell: string
}

/**
 * Many paths in one script: one `stat` and one `sha256sum` for all that are there, then the answer to each as if it had been
 * asked alone. Links and large files, which are few, are looked at one by one.
 */
export function lookTogether(name: string, { vars, place, tell }: PathLook): Together {
  const script = shellScript(
    name,
    'probe',
    ['count', 'mark'],
    `${expandHome}${findPath}${printState}${loadQuestion(vars)}hash=no
newline='
'
pick() {
  load "$1"
${place}
}
set --
i=0
while [ "$i" -lt "$count" ]; do
  i=$((i + 1))
  pick "$i"
  asked=nothing
  if [ -e "$path" ] && [ ! -L "$path" ]; then
    asked=state
    set -- "$@" "$path"
  fi
  eval "asked_$i=$asked"
done
states=''
if [ "$#" -gt 0 ]; then states=$(stat -c "$fs_format" -- "$@") || exit 1; fi
set --
i=0
while [ "$i" -lt "$count" ]; do
  i=$((i + 1))
  pick "$i"
  eval "asked=\\$asked_$i"
  case $asked:$hash:$path in
    nothing:* | state:no:* | *"$newline"*) continue ;;
  esac
  if [ "$fs_large" = yes ] || [ ! -f "$path" ]; then continue; fi
  set -- "$@" "$path"
  eval "asked_$i=both"
done
sums=''
if [ "$#" -gt 0 ]; then sums=$(sha256sum -- "$@") || exit 1; fi
i=0
while [ "$i" -lt "$count" ]; do
  i=$((i + 1))
  pick "$i"
  eval "asked=\\$asked_$i"
  fs_stat=''
  fs_sum=''
  if [ "$asked" != nothing ]; then
    for _ in 1 2 3 4; do
      fs_stat=$fs_stat\${fs_stat:+$newline}\${states%%"$newline"*}
      states=\${states#*"$newline"}
    done
  fi
  if [ "$asked" = both ]; then
    fs_sum=\${sums%%"$newline"*}
    sums=\${sums#*"$newline"}
    fs_sum=\${fs_sum%% *}
    # GNU's way to say that a name holds a backslash.
    fs_sum=\${fs_sum#\\\\}
  fi
${tell}
  printf '\\n%s\\n' "$mark"
done
exit 0`,
  )
  return {
    join(questions) {
      const joined = numbered(script, questions)
      const answers = (stdout: Buffer) => piecesOf(stdout, joined.mark, questions.length)
      return { script: joined.script, answers }
    },
  }
}
