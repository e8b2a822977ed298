/**
 * What rpm says is installed, and what dnf, yum and zypper say is newer: from the metadata that the host has, so that nothing
 * is fetched. A name that rpm does not know may be one that another package stands for.
 */
export const askRpm = `ask_rpm() {
  newest=0
  for stamp in /var/cache/dnf/*.solv /var/cache/dnf/*/repodata/repomd.xml /var/cache/libdnf5/*/repodata/repomd.xml \\
    /var/cache/yum/*/*/*/cachecookie /var/cache/zypp/solv/*/cookie; do
    case $manager:$stamp in zypper:*/zypp/* | dnf:*dnf* | yum:*/yum/* | yum:*dnf*) ;; *) continue ;; esac
    [ -e "$stamp" ] || continue
    newer "$stamp"
  done
  echo "lists $newest $(date +%s)"
  for name in "$@"; do
    wanted=$name
    case $name in
      /*.rpm) fs_find "$name" || { printf 'missing %s\\n' "$name"; continue; } ;;
    esac
    case $name in
      *.rpm) wanted=$(rpm -qp --nosignature --qf '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}' -- "$name") || exit 1 ;;
    esac
    if known=$(rpm -q --qf "package installed $name %{EVR} %{ARCH}\\n" -- "$wanted" 2>&1); then
      printf '%s\\n' "$known" | grep '^package installed '
      continue
    fi
    case $known in
      *error:*) ;;
      *'is not installed'*) known='' ;;
    esac
    [ -z "$known" ] || { printf '%s\\n' "$known" >&2; exit 1; }
    if rpm -q --whatprovides -- "$wanted" >/dev/null 2>&1; then printf 'provides %s\\n' "$name"; fi
  done
  [ "$latest" != no ] || return 0
  if [ "$latest" = all ]; then set --; fi
  if [ "$manager" = zypper ]; then
    said=$(eval "zypper --non-interactive --no-refresh --xmlout $probe_options list-updates" 2>&1)
    status=$?
    [ "$newest" -gt 0 ] || echo blind
    [ "$status" -eq 0 ] || [ "$newest" -eq 0 ] || { printf '%s\\n' "$said" >&2; exit 1; }
    printf '%s\\n' "$said" | tr '>' '\\n' | grep '<update ' | while IFS= read -r line; do
      printf 'candidate %s %s\\n' "$(attribute name "$line")" "$(attribute edition "$line")"
      printf 'will Inst %s [%s] (%s)\\n' "$(attribute name "$line")" "$(attribute edition-old "$line")" "$(attribute edition "$line")"
    done
    return 0
  fi
  said=$(eval "$manager -q -C $probe_options check-update -- \\"\\$@\\"" 2>&1)
  case $? in
    0 | 100) ;;
    *)
      case $said in
        *'no cache for repo'* | *'Cache-only enabled but no cache'* | *'cached metadata'*) echo blind; return 0 ;;
      esac
      printf '%s\\n' "$said" >&2
      exit 1
      ;;
  esac
  # Long lines are broken: three words are one package. What is obsoleted follows, and is told twice.
  printf '%s\\n' "$said" | awk '
    /^Obsoleting/ { exit }
    { for (at = 1; at <= NF; at++) print $at }' | while read -r package; do
    read -r version || break
    read -r _ || break
    case $package in *.*) printf 'candidate %s %s\\nwill Inst %s [] (%s)\\n' "\${package%.*}" "$version" "\${package%.*}" "$version" ;; esac
  done
}
attribute() { printf '%s\\n' "$2" | sed -n "s/.* $1=\\"\\([^\\"]*\\)\\".*/\\1/p"; }
`
