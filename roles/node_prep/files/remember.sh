#!/bin/sh
# Keeps what a host was before a setting of it is changed, for the day k3s leaves it: remember.sh FILE LINE...
# A LINE is "sysctl KEY VALUE", "unit NAME" or "boot PATH"; what is kept of the same thing already is the older, and stays. Of a
# boot file it is the sum of what it was made to, since the old one stands beside it.
file=$1
shift
umask 077
mkdir -p "${file%/*}" || exit 1
new=$(mktemp "$file.XXXXXX") || exit 1
trap 'rm -f -- "$new"' EXIT
if [ -f "$file" ]; then cat "$file" >"$new" || exit 1; fi
for line; do
  # shellcheck disable=SC2086 # its words
  set -- $line
  case $1 in
    boot)
      grep -vF "boot $2 " "$new" >"$new.kept"
      mv -f -- "$new.kept" "$new"
      line="$line $(sha256sum <"$2" | cut -d ' ' -f 1)"
      ;;
    *) if grep -qE "^$1 $(printf '%s' "$2" | sed 's/[.[\*^$+?(){|]/\\&/g')( |\$)" "$new"; then continue; fi ;;
  esac
  printf '%s\n' "$line" >>"$new" || exit 1
done
sync "$new" 2>/dev/null || sync
mv -f -- "$new" "$file"
