#!/bin/sh
# The words that make a Raspberry Pi's kernel count the memory of groups, in the one line that it is started with.
# boot.sh look|set ROOT FILE...; the first FILE that is there counts. ROOT is where their system is, '' for this one.
# Says the file, and "stays" or "changes". Exits with 3 where there is none.
doing=$1 root=$2
shift 2

# What Debian leaves in the old place.
is_moved() {
  grep -q 'has moved to' "$1" && ! grep -q 'root=' "$1"
}

file=
for each; do
  if [ -f "$root$each" ] && ! is_moved "$root$each"; then
    file=$root$each
    break
  fi
done
[ -n "$file" ] || exit 3

wanted='cgroup_memory=1 cgroup_enable=memory'
edited() {
  awk -v wanted="$wanted" -v script="${file##*.}-${file##*/}" '
    function complete(line,    words, count, i, each, out, have) {
      count = split(line, words, " ")
      out = ""
      for (i = 1; i <= count; i++) {
        if (words[i] == "cgroup_disable=memory") continue
        have[words[i]] = 1
        out = out (out == "" ? "" : " ") words[i]
      }
      count = split(wanted, each, " ")
      for (i = 1; i <= count; i++) if (!(each[i] in have)) out = out " " each[i]
      return out
    }
    script == "txt-boot.txt" {
      if (!done && match($0, /^[ \t]*setenv[ \t]+bootargs[ \t]+"?/)) {
        head = substr($0, 1, RLENGTH); rest = substr($0, RLENGTH + 1); tail = ""
        if (head ~ /"$/) { sub(/"[ \t]*$/, "", rest); tail = "\"" }
        $0 = head complete(rest) tail
        done = 1
      }
      print; next
    }
    !done && NF > 0 && $0 !~ /^[ \t]*#/ { $0 = complete($0); done = 1 }
    { print }' "$file"
}

if [ "$(edited)" = "$(cat "$file")" ]; then
  echo "$file stays"
  exit 0
fi
echo "$file changes"
[ "$doing" = set ] || exit 0
# The folder may be a file system without owners: there and then the file is written beside and put in place.
temp=$file.tsplay
trap 'rm -f -- "$temp"' EXIT
edited >"$temp" || exit 1
[ -s "$temp" ] || exit 1
cp -p -- "$file" "$file.before-tsplay" 2>/dev/null || cp -- "$file" "$file.before-tsplay" || exit 1
sync
mv -f -- "$temp" "$file" || exit 1
sync
if [ "${file##*/}" = boot.txt ] && [ -x "${file%/*}/mkscr" ]; then cd "${file%/*}" && ./mkscr; fi
