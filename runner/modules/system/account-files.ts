import { sweepLeftovers, tellFull } from '../files/leftovers.js'

/**
 * `useradd`, `usermod`, `userdel`, `groupadd`, `groupmod`, `groupdel`, `chage` and `chpasswd` for hosts that lack them, as
 * Alpine's do: as far as the modules user and group call them, on the files themselves, which is what busybox's `adduser` does.
 * Each file is written beside its place and renamed, with its owner and mode.
 */
export const accountPrograms = `${sweepLeftovers}${tellFull}LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
acc_temp=''
trap '[ -z "$acc_temp" ] || rm -f -- "$acc_temp"' EXIT
trap 'exit 143' HUP INT TERM
acc_fail() {
  printf '%s\\n' "$1" >&2
  exit 1
}
acc_put() {
  fs_sweep "\${1%/*}"
  acc_temp=$(mktemp "\${1%/*}/.tsplay.XXXXXX") || exit 1
  printf '%s\\n' "$2" >"$acc_temp" || fs_unwritten "$acc_temp" "\${1%/*}"
  chown "$(stat -c %u:%g "$1")" "$acc_temp" && chmod "$(stat -c %a "$1")" "$acc_temp" || exit 1
  sync "$acc_temp" 2>/dev/null || :
  mv -f -- "$acc_temp" "$1" || exit 1
  acc_temp=''
}
# The line of a name in a file; one in its place, or none.
acc_get() {
  [ -f "$1" ] || return 0
  acc_name=$2 awk -F: '$1 == ENVIRON["acc_name"] { print; exit }' "$1" || exit 1
}
acc_set() {
  [ -f "$1" ] || return 0
  acc_new=$(acc_name=$2 acc_line=$3 awk -F: '
    BEGIN { line = ENVIRON["acc_line"] }
    $1 != ENVIRON["acc_name"] { print; next }
    line != "" && !done { print line }
    { done = 1 }
    END { if (line != "" && !done) print line }' "$1") || exit 1
  acc_put "$1" "$acc_new"
}
acc_field() { printf '%s\\n' "$2" | cut -d : -f "$1"; }
# The line with another value in one of its fields.
acc_with() {
  printf '%s\\n' "$3" | acc_value=$2 awk -F: -v at="$1" '
    { for (i = 1; i <= NF; i++) printf "%s%s", (i == at ? ENVIRON["acc_value"] : $i), (i < NF ? ":" : "\\n") }'
}
acc_shadow() {
  acc_line=$(acc_get /etc/shadow "$1") || exit 1
  [ -z "$acc_line" ] || acc_set /etc/shadow "$1" "$(acc_with "$2" "$3" "$acc_line")"
}
acc_taken() { acc_id=$2 awk -F: '$3 == ENVIRON["acc_id"] { found = 1 } END { exit !found }' "$1"; }
acc_free() {
  awk -F: -v low="$2" -v high="$3" '
    { taken[$3] = 1 }
    END { for (id = low; id <= high; id++) if (!(id in taken)) { print id; exit } }' "$1" || exit 1
}
acc_gid() {
  acc_line=$(acc_get /etc/group "$1") || exit 1
  if [ -n "$acc_line" ]; then acc_field 3 "$acc_line"; return; fi
  case $1 in '' | *[!0-9]*) acc_fail "no group $1" ;; esac
  acc_taken /etc/group "$1" || acc_fail "no group $1"
  printf '%s\\n' "$1"
}
acc_range() { if [ "$acc_system" = yes ]; then echo '100 999'; else echo '1000 59999'; fi; }
# What is asked, as the programs take it: acc_u for -u, and so on.
acc_read() {
  acc_u='' acc_g='' acc_s='' acc_d='' acc_c='' acc_G='' acc_k='' acc_e='' acc_o='' acc_f=''
  acc_system=no acc_home=keep acc_lock=''
  acc_given=' '
  while [ "$1" != -- ]; do
    case $1 in
      -M) acc_home=no ;;
      -m) acc_home=yes ;;
      -r) acc_system=yes ;;
      -o | -f) eval "acc_\${1#-}=yes" ;;
      -L | -U) acc_lock=$1 ;;
      -[ugsdcGke])
        eval "acc_\${1#-}=\\$2"
        acc_given="$acc_given$1 "
        shift
        ;;
      *) acc_fail "this host has no program of its own for accounts, and $1 needs one" ;;
    esac
    shift
  done
  acc_who=$2
}
acc_unique() {
  [ -n "$acc_o" ] || ! acc_taken "$1" "$2" || acc_fail "the id $2 is taken in $1"
}
groupadd_files() {
  acc_read "$@"
  # shellcheck disable=SC2046 # two numbers
  [ -n "$acc_g" ] || acc_g=$(acc_free /etc/group $(acc_range))
  acc_unique /etc/group "$acc_g"
  acc_set /etc/group "$acc_who" "$acc_who:x:$acc_g:"
  acc_set /etc/gshadow "$acc_who" "$acc_who:!::"
}
groupmod_files() {
  acc_read "$@"
  acc_unique /etc/group "$acc_g"
  acc_line=$(acc_get /etc/group "$acc_who") || exit 1
  acc_old=$(acc_field 3 "$acc_line")
  acc_set /etc/group "$acc_who" "$(acc_with 3 "$acc_g" "$acc_line")"
  acc_new=$(awk -F: -v OFS=: -v old="$acc_old" -v new="$acc_g" '$4 == old { $4 = new } { print }' /etc/passwd) || exit 1
  acc_put /etc/passwd "$acc_new"
}
groupdel_files() {
  acc_read "$@"
  acc_old=$(acc_gid "$acc_who") || exit 1
  [ -n "$acc_f" ] || awk -F: -v gid="$acc_old" '$4 == gid { exit 1 }' /etc/passwd || acc_fail "$acc_who is the primary group of a user"
  acc_set /etc/group "$acc_who" ''
  acc_set /etc/gshadow "$acc_who" ''
}
# The user in these groups, with commas, and in no others.
acc_join() {
  acc_left=$2,
  while [ -n "$acc_left" ]; do
    [ -z "\${acc_left%%,*}" ] || [ -n "$(acc_get /etc/group "\${acc_left%%,*}")" ] || acc_fail "no group \${acc_left%%,*}"
    acc_left=\${acc_left#*,}
  done
  acc_new=$(acc_name=$1 acc_list=",$2," awk -F: -v OFS=: '
    {
      count = split($4, members, ",")
      rest = ""
      for (i = 1; i <= count; i++)
        if (members[i] != ENVIRON["acc_name"]) rest = rest (rest == "" ? "" : ",") members[i]
      if (index(ENVIRON["acc_list"], "," $1 ",")) rest = rest (rest == "" ? "" : ",") ENVIRON["acc_name"]
      $4 = rest
      print
    }' /etc/group) || exit 1
  acc_put /etc/group "$acc_new"
}
acc_make_home() {
  [ -e "$acc_d" ] && return 0
  mkdir -p -- "$acc_d" || exit 1
  acc_from=\${acc_k:-/etc/skel}
  if [ -d "$acc_from" ]; then cp -R -- "$acc_from/." "$acc_d/" || exit 1; fi
  chown -R "$acc_u:$acc_g" "$acc_d" && chmod 755 "$acc_d" || exit 1
}
useradd_files() {
  acc_read "$@"
  # shellcheck disable=SC2046 # two numbers
  [ -n "$acc_u" ] || acc_u=$(acc_free /etc/passwd $(acc_range))
  acc_unique /etc/passwd "$acc_u"
  if [ -n "$acc_g" ]; then
    acc_g=$(acc_gid "$acc_g") || exit 1
  else
    acc_line=$(acc_get /etc/group "$acc_who") || exit 1
    acc_g=$acc_u
    # shellcheck disable=SC2046 # two numbers
    ! acc_taken /etc/group "$acc_g" || acc_g=$(acc_free /etc/group $(acc_range))
    # What an earlier run was cut off from is taken up.
    if [ -n "$acc_line" ]; then
      acc_g=$(acc_field 3 "$acc_line")
    else
      acc_set /etc/group "$acc_who" "$acc_who:x:$acc_g:"
      acc_set /etc/gshadow "$acc_who" "$acc_who:!::"
    fi
  fi
  acc_d=\${acc_d:-/home/$acc_who}
  acc_join "$acc_who" "$acc_G"
  acc_set /etc/shadow "$acc_who" "$acc_who:!:$(($(date +%s) / 86400)):0:99999:7::$(acc_day "$acc_e"):"
  acc_set /etc/passwd "$acc_who" "$acc_who:x:$acc_u:$acc_g:$acc_c:$acc_d:\${acc_s:-/bin/sh}"
  [ "$acc_home" != yes ] || acc_make_home
}
# Days since 1970 of a day, none for none.
acc_day() {
  [ -z "$1" ] || echo $(($(date -u -d "$1" +%s) / 86400))
}
usermod_files() {
  acc_read "$@"
  acc_line=$(acc_get /etc/passwd "$acc_who") || exit 1
  acc_old=$(acc_field 6 "$acc_line")
  case $acc_given in *' -u '*)
    acc_unique /etc/passwd "$acc_u"
    acc_was=$(acc_field 3 "$acc_line")
    acc_line=$(acc_with 3 "$acc_u" "$acc_line")
    [ ! -d "$acc_old" ] || find "$acc_old" -user "$acc_was" -exec chown -h "$acc_u" {} + || exit 1
    ;;
  esac
  if [ -n "$acc_g" ]; then acc_g=$(acc_gid "$acc_g") && acc_line=$(acc_with 4 "$acc_g" "$acc_line") || exit 1; fi
  case $acc_given in *' -c '*) acc_line=$(acc_with 5 "$acc_c" "$acc_line") ;; esac
  case $acc_given in *' -d '*) acc_line=$(acc_with 6 "$acc_d" "$acc_line") ;; esac
  case $acc_given in *' -s '*) acc_line=$(acc_with 7 "$acc_s" "$acc_line") ;; esac
  acc_set /etc/passwd "$acc_who" "$acc_line"
  case $acc_given in *' -G '*) acc_join "$acc_who" "$acc_G" ;; esac
  case $acc_given in *' -e '*) acc_shadow "$acc_who" 8 "$(acc_day "$acc_e")" ;; esac
  if [ -n "$acc_lock" ]; then
    acc_hash=$(acc_field 2 "$(acc_get /etc/shadow "$acc_who")")
    acc_hash=\${acc_hash#!}
    [ "$acc_lock" = -L ] || [ -n "$acc_hash" ] || acc_fail "without a password $acc_who would be open to all: set one"
    if [ "$acc_lock" = -L ]; then acc_hash=!$acc_hash; fi
    acc_shadow "$acc_who" 2 "$acc_hash"
  fi
  if [ "$acc_home" = yes ] && [ -d "$acc_old" ] && [ ! -e "$acc_d" ]; then
    mkdir -p -- "\${acc_d%/*}/" && mv -- "$acc_old" "$acc_d" || exit 1
  fi
}
userdel_files() {
  acc_read "$@"
  acc_line=$(acc_get /etc/passwd "$acc_who") || exit 1
  acc_own=$(acc_get /etc/group "$acc_who") || exit 1
  acc_old=$(acc_field 6 "$acc_line")
  acc_join "$acc_who" ''
  acc_set /etc/passwd "$acc_who" ''
  acc_set /etc/shadow "$acc_who" ''
  if [ -n "$acc_own" ] && [ "$(acc_field 3 "$acc_own")" = "$(acc_field 4 "$acc_line")" ] && [ -z "$(acc_field 4 "$acc_own")" ]; then
    acc_set /etc/group "$acc_who" ''
    acc_set /etc/gshadow "$acc_who" ''
  fi
  # -r of userdel, which means a system account to useradd.
  [ "$acc_system" = yes ] && [ -d "$acc_old" ] || return 0
  if [ "$(stat -c %u "$acc_old")" = "$(acc_field 3 "$acc_line")" ]; then rm -rf -- "$acc_old" || exit 1; fi
}
chage_files() {
  # The last word is who is meant.
  for acc_who; do :; done
  while [ "$1" != -- ]; do
    case $1 in -m) acc_at=4 ;; -M) acc_at=5 ;; -W) acc_at=6 ;; *) acc_fail "this host has no chage, and $1 needs it" ;; esac
    acc_shadow "$acc_who" "$acc_at" "$2"
    shift 2
  done
}
chpasswd_files() {
  IFS= read -r acc_pair
  acc_shadow "\${acc_pair%%:*}" 2 "\${acc_pair#*:}"
}
for acc_program in useradd usermod userdel groupadd groupmod groupdel chage chpasswd; do
  command -v "$acc_program" >/dev/null 2>&1 || eval "$acc_program() { \${acc_program}_files \\"\\$@\\"; }"
done
`
