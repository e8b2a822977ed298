#!/bin/sh
# Puts another token where k3s of this host is told one: config.yaml, config.yaml.d, the unit, its drop-ins and its
# environment, a token-file that one of them names, and a server's own file. The form of each (K10…::server:) stays.
# replace.sh look|write UNIT UNITS_DIR DATA_DIR; two lines of standard input are what is replaced, and by what.
# "look" tells the files that would change. Both are literal text; only what gives a token is looked at. systemd reads a
# unit that was changed again.
action=$1 unit=$2 units=$3 data=$4
config=/etc/rancher/k3s
reload=no
umask 077
IFS= read -r OLD && IFS= read -r NEW || exit 1
if [ -z "$OLD" ] || [ -z "$NEW" ]; then
  echo 'a token is empty' >&2
  exit 1
fi
export OLD NEW

# WHOLE: every line, else those that give a token, in YAML, in an environment or on a command line. Its value may stand
# on the next line of a command. agent-token is one of its own.
changed() {
  WHOLE=$2 awk '
    BEGIN { old = ENVIRON["OLD"]; new = ENVIRON["NEW"]; whole = ENVIRON["WHOLE"] }
    {
      given = whole == "yes" || follows || $0 ~ /^[ \t]*["\47]?token["\47]?[ \t]*:/ || $0 ~ /K3S_TOKEN=/ ||
        $0 ~ /(^|[ \t"\47])--token(["\47]?[ \t=]|["\47]?$)/
      follows = $0 ~ /(^|[ \t"\47])--token["\47]?[ \t]*\\?$/
      line = $0
      if (given) {
        out = ""
        last = ""
        while ((at = index(line, old)) > 0) {
          before = at == 1 ? last : substr(line, at - 1, 1)
          after = substr(line, at + length(old), 1)
          # Not within a longer word.
          inside = before ~ /[A-Za-z0-9_.-]/ || after ~ /[A-Za-z0-9_.-]/
          out = out substr(line, 1, at - 1) (inside ? old : new)
          last = substr(old, length(old), 1)
          line = substr(line, at + length(old))
        }
        line = out line
      }
      print line
    }' "$1"
}

handle() {
  [ -f "$1" ] || return 0
  temporary=$1.tsplay-$$
  if ! { cp -p -- "$1" "$temporary" && changed "$1" "$2" >"$temporary"; }; then
    rm -f -- "$temporary"
    exit 1
  fi
  if cmp -s -- "$1" "$temporary"; then
    rm -f -- "$temporary"
    return 0
  fi
  echo "$1"
  if [ "$action" = write ]; then
    case $1 in "$units"/*) reload=yes ;; esac
    sync -f "$temporary" 2>/dev/null || sync
    mv -f -- "$temporary" "$1" || exit 1
  else rm -f -- "$temporary"
  fi
}

named_in() {
  sed -nE "s/^[[:space:]]*([\"']?token-file[\"']?[[:space:]]*:|K3S_TOKEN_FILE=)[[:space:]]*[\"']?([^\"']*)[\"']?[[:space:]]*\$/\\2/p" "$1"
}

for file in "$config/config.yaml" "$config"/config.yaml.d/*.yaml "$config"/config.yaml.d/*.yml \
  "$units/$unit.service" "$units/$unit.service.env" "$units/$unit.service.d"/*.conf \
  "$config/$unit.env" "/etc/init.d/$unit" "/etc/default/$unit" "/etc/sysconfig/$unit"; do
  [ -f "$file" ] || continue
  handle "$file" no
  named=$(named_in "$file" | head -n 1)
  if [ -n "$named" ]; then handle "$named" yes; fi
done
# What a server starts with that is told no token.
if [ "$unit" = k3s ]; then handle "$data/server/token" yes; fi
if [ "$reload" = yes ] && [ -d /run/systemd/system ]; then systemctl daemon-reload || exit 1; fi
exit 0
