/** What pacman says, from its own database and the lists that were fetched last. */
export const askPacman = `ask_pacman() {
  newest=0
  for stamp in /var/lib/pacman/sync/*.db; do
    if [ -e "$stamp" ]; then newer "$stamp"; fi
  done
  echo "lists $newest $(date +%s)"
  for name in "$@"; do
    if known=$(pacman -Q -- "$name" 2>&1); then
      printf 'package installed %s %s -\\n' "$name" "\${known##* }"
    else
      case $known in *'was not found'*) ;; *) printf '%s\\n' "$known" >&2; exit 1 ;; esac
      if pacman -T -- "$name" >/dev/null 2>&1; then printf 'provides %s\\n' "$name"; fi
    fi
  done
  [ "$latest" != no ] || return 0
  [ "$newest" -gt 0 ] || { echo blind; return 0; }
  # It exits 1 where nothing is newer; each line is NAME OLD -> NEW, or NAME OLD -> NEW [ignored].
  pacman -Qu 2>/dev/null | while read -r name old _ new ignored; do
    [ -z "$ignored" ] || continue
    printf 'candidate %s %s\\nwill Inst %s [%s] (%s)\\n' "$name" "$new" "$name" "$old" "$new"
  done
}
`

/** What apk has written down of the packages that are installed, and what it says is newer. */
export const askApk = `ask_apk() {
  newest=0
  for stamp in /var/cache/apk/APKINDEX.*.tar.gz /etc/apk/cache/APKINDEX.*.tar.gz; do
    if [ -e "$stamp" ]; then newer "$stamp"; fi
  done
  echo "lists $newest $(date +%s)"
  awk -v asked=" $* " '
    function wanted(name) { return index(asked, " " name " ") }
    /^P:/ { package = substr($0, 3) }
    /^V:/ && wanted(package) { print "package installed " package " " substr($0, 3) " -" }
    /^p:/ {
      count = split(substr($0, 3), words, " ")
      for (at = 1; at <= count; at++) { sub(/[=<>~].*/, "", words[at]); if (wanted(words[at])) print "provides " words[at] }
    }' "$apk_database" || exit 1
  [ "$latest" != no ] || return 0
  said=$(apk version -l '<' 2>&1) || { printf '%s\\n' "$said" >&2; exit 1; }
  [ "$newest" -gt 0 ] || echo blind
  # NAME-VERSION-rN < VERSION
  printf '%s\\n' "$said" | sed -n 's/^\\(.*\\)-\\([0-9][^-]*-r[0-9]*\\) *< *\\([^ ]*\\).*/candidate \\1 \\3\\
will Inst \\1 [\\2] (\\3)/p'
}
`
