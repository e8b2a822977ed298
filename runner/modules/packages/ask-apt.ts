/**
 * What dpkg and apt say of packages. dpkg-query exits 1 for a name that it does not know, and 2 when it fails. `simulate` is
 * what apt-get is asked to play through (`dist-upgrade`); that takes no lock.
 */
export const askApt = `ask_deb() {
  fs_find "$deb" || { printf 'missing %s\\n' "$deb"; return 0; }
  # shellcheck disable=SC2016 # dpkg-deb reads these
  about=$(dpkg-deb -W --showformat '\${Package} \${Version}' -- "$deb") || exit 1
  # shellcheck disable=SC2016
  now=$(dpkg-query -W -f '\${db:Status-Status} \${Version}' -- "\${about%% *}" 2>/dev/null)
  case $now in
    "installed \${about##* }") known=same ;;
    'installed '*)
      known=older
      if dpkg --compare-versions "\${now#installed }" gt "\${about##* }"; then known=newer; fi
      ;;
    *) known=absent ;;
  esac
  printf 'deb %s %s\\n' "$about" "$known"
}
# apt-get's simulation names each file that autoclean would remove.
ask_fetched() {
  if [ "$clean" = clean ]; then
    told=$(find /var/cache/apt/archives -type f -name '*.deb') || exit 1
  else
    told=$(apt-get -s -q autoclean) || exit 1
    told=$(printf '%s\n' "$told" | grep '^Del ')
  fi
  printf 'fetched %s\n' "$(printf '%s' "$told" | grep -c .)"
}
ask_apt() {
  newest=0
  for stamp in /var/lib/apt/periodic/update-success-stamp /var/lib/apt/lists/partial /var/lib/apt/lists; do
    [ -e "$stamp" ] || continue
    newer "$stamp"
  done
  if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then newest=0; fi
  echo "lists $newest $(date +%s)"
  if [ -n "$deb" ]; then ask_deb; fi
  if [ -n "$clean" ]; then ask_fetched; fi
  if [ $# -gt 0 ] && [ -z "$simulate" ]; then
    known=$(dpkg-query -W -f 'package \${db:Status-Status} \${Package} \${Version} \${Architecture}\\n' -- "$@" 2>/dev/null)
    status=$?
    [ "$status" -le 1 ] || { echo "dpkg-query failed ($status)" >&2; exit 1; }
    printf '%s\\n' "$known"
    if [ "$(printf '%s\\n' "$known" | grep -c '^package installed ')" -lt $# ]; then
      dpkg-query -W -f '\${db:Status-Status} \${Provides}\\n' | sed -n 's/^installed \\(..*\\)/provides \\1/p'
    fi
    if [ "$latest" = yes ]; then
      eval "apt-cache $probe_options policy -- \\"\\$@\\"" || exit 1
    fi
  fi
  [ -z "$simulate" ] && return 0
  said=$(eval "apt-get -s -q $probe_options $simulate" 2>&1) || { printf '%s\\n' "$said" >&2; exit 1; }
  printf '%s\\n' "$said" | sed -n 's/^\\(Inst\\|Remv\\) \\(.*\\)/will \\1 \\2/p'
}
`
