#!/bin/sh
# Keeps what a host was before a setting of it is changed, for the day k3s leaves it: remember.sh FILE LINE...
# A LINE is "sysctl KEY VALUE", "unit NAME", "boot PATH" or "file PATH SUM"; what is kept of the same thing already is the older,
# and stays. Of a file it is the sum of what it was or will be made to; the old one stands beside it as PATH.before-tsplay. "made
# PATH SUM" is kept where there was none. Where somebody has changed it since the last time, only they know what it is to be.
file=$1
shift
umask 077
mkdir -p "${file%/*}" || exit 1
new=$(mktemp "$file.XXXXXX") || exit 1
trap 'rm -f -- "$new"' EXIT
if [ -f "$file" ]; then cat "$file" >"$new" || exit 1; fi
# Or as it was before: a run may have been cut before it wrote.
is_as_left() { # PATH SUM
  [ ! -e "$1" ] || [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$2" ] || cmp -s "$1" "$1.before-tsplay"
}
for line; do
  # shellcheck disable=SC2086 # its words
  set -- $line
  case $1 in
    boot)
      grep -vF "boot $2 " "$new" >"$new.kept"
      mv -f -- "$new.kept" "$new"
      line="$line $(sha256sum <"$2" | cut -d ' ' -f 1)"
      ;;
    file)
      was=$(grep -F " $2 " "$new" | grep -E '^(file|made) ')
      case $was in
        '') if [ -e "$2" ]; then cp -p -- "$2" "$2.before-tsplay" || exit 1; else line="made $2 $3"; fi ;;
        *) if is_as_left "$2" "${was##* }"; then line="${was%% *} $2 $3"; else line="${was%% *} $2 changed"; fi ;;
      esac
      grep -vE "^(file|made) $(printf '%s' "$2" | sed 's/[.[\*^$+?(){|]/\\&/g') " "$new" >"$new.kept"
      mv -f -- "$new.kept" "$new"
      ;;
    *) if grep -qE "^$1 $(printf '%s' "$2" | sed 's/[.[\*^$+?(){|]/\\&/g')( |\$)" "$new"; then continue; fi ;;
  esac
  printf '%s\n' "$line" >>"$new" || exit 1
done
sync "$new" 2>/dev/null || sync
mv -f -- "$new" "$file"
