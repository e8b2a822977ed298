#!/bin/sh
# shellcheck disable=SC2317 # functions are called by what they are called
# `look` tells what of k3s is on this host, one thing a line: "kind name"; "left WORD name" is what goes only when ALSO
# holds that word. `remove` takes off what `look` tells; k3s is stopped already. What cannot go is told and stays.
# host.sh look|remove DATA_DIR LOCATION SYSTEMD_DIR BIN_DIR KEEP ALSO SECONDS [ROOT]; KEEP and ALSO are words with commas,
# SECONDS is how long a mount may take to go, and ROOT is where the system's own folders are looked for, if not in /
doing=$1 data=$2 location=$3 units=$4 bin=$5 keep=,$6, also=,$7, patience=$8 root=${9-}
record=$root/etc/rancher/k3s/.tsplay-host
PATH=$PATH:/usr/sbin:/sbin

keeps() {
  case $keep in *",$1,"*) return 0 ;; esac
  return 1
}

# What belongs to WORD: named as such where it is not asked for.
also() {
  case $also in *",$1,"*) word= ;; *) word="left $1 " ;; esac
  while IFS= read -r found; do printf '%s\n' "$word$found"; done
}

# A network file system that does not answer hangs whoever asks it.
limited() {
  if command -v timeout >/dev/null 2>&1; then timeout -s KILL "$patience" "$@"; else "$@"; fi
}

existing() {
  for path; do
    if [ -e "$path" ] || [ -L "$path" ]; then echo "$path"; fi
  done
}

has_systemd() {
  [ -d "$root/run/systemd/system" ]
}

# The service of OpenRC, with the log that it writes and what turns that over. Elsewhere, files of these names are somebody's.
of_openrc() {
  existing "$root"/etc/runlevels/*/"$1"
  if [ -e "$root/etc/init.d/$1" ]; then
    existing "$root/etc/logrotate.d/$1"
    keeps logs || existing "$root/var/log/$1.log"*
    existing "$root/run/$1.pid" "$root/etc/init.d/$1"
  else
    existing "$root/etc/logrotate.d/$1" "$root/var/log/$1.log" | also settings
  fi
}

# In the order in which they go: as long as the last one is there, the host is not clean.
files() {
  for unit in k3s k3s-agent; do
    existing "$units/$unit.service" "$units/$unit.service.env" "$units/$unit.service.d"
    of_openrc "$unit"
  done
  # Links of ours only: kubectl may be somebody else's.
  for tool in kubectl crictl ctr; do
    case $(readlink "$bin/$tool" 2>/dev/null) in
      k3s | "$bin/k3s") echo "$bin/$tool" ;;
    esac
  done
  existing "$bin"/k3s "$bin"/k3s-killall.sh "$bin"/k3s-uninstall.sh "$bin"/k3s-agent-uninstall.sh
  keeps releases || existing "$bin"/k3s-v[0-9]*
  existing "$root"/run/k3s "$root"/run/flannel "$root"/var/lib/kubelet "$root"/var/lib/cni "$data"
  [ "$data" = "$location" ] || existing "$location"
  keeps logs || existing "$root"/var/log/pods "$root"/var/log/containers
  {
    for folder in default sysconfig conf.d; do existing "$root/etc/$folder/k3s" "$root/etc/$folder/k3s-agent"; done
    existing "$root"/etc/logrotate.d/k3s* "$root"/var/log/k3s*.log | grep -vE '/k3s(-agent)?(\.log)?$'
  } | also settings
  existing "$root"/etc/cni/net.d "$root"/opt/cni/bin | also cni
  existing "$root"/etc/calico "$root"/var/lib/calico "$root"/run/calico | also calico
  existing "$root"/var/lib/cilium "$root"/run/cilium | also cilium
  keeps password || existing "$root"/etc/rancher/node
  existing "$root"/etc/rancher/k3s
}

# What was made of the host itself: files by their name, and by the record what was otherwise before.
settings() {
  if keeps host; then return; fi
  existing "$root"/etc/modules-load.d/tsplay-k3s.conf "$root"/etc/sysctl.d/90-tsplay-k3s.conf \
    "$root"/etc/NetworkManager/conf.d/tsplay-k3s.conf "$root"/etc/crio/crio.conf.d/99-tsplay-k3s.conf
  while read -r kind name value; do
    case $kind in
      sysctl)
        if [ "$(sysctl -n "$name" 2>/dev/null | tr '\t' ' ')" = "$value" ]; then continue; fi
        case $name in
          # Whoever else has a bridge needs them.
          *forward* | net.bridge.*) if has_bridges; then echo "$kind $name" | also forwarding; else echo "$kind $name"; fi ;;
          *) echo "$kind $name" ;;
        esac
        ;;
      unit) systemctl is-enabled --quiet "$name" || echo "$kind $name" ;;
      boot)
        [ -f "$name.before-tsplay" ] || continue
        # Somebody has changed it since: both are theirs to look at.
        if [ "$(sha256sum <"$name" | cut -d ' ' -f 1)" = "$value" ]; then echo "$kind $name"; else echo "$kind $name" | also boot; fi
        ;;
      file | made)
        [ "$kind" = made ] || [ -f "$name.before-tsplay" ] || continue
        [ -e "$name" ] || continue
        # A run may have been cut before it wrote.
        if [ "$(sha256sum <"$name" | cut -d ' ' -f 1)" = "$value" ] || cmp -s "$name" "$name.before-tsplay"; then echo "$kind $name"
        else echo "$kind $name" | also runtime; fi
        ;;
    esac
  done 2>/dev/null <"$record"
}
has_bridges() {
  for path in /sys/class/net/*/bridge; do
    case $path in */cni0/bridge | */\*/bridge) ;; *) return 0 ;; esac
  done
  return 1
}
put_back() {
  case $1 in
    /*) rm -f -- "$1" ;;
    sysctl) sysctl -q -w "$2=$(sed -n "s/^sysctl $2 //p" "$record")" ;;
    unit) systemctl enable --now "$2" ;;
    file) mv -f -- "$2.before-tsplay" "$2" ;;
    made) rm -f -- "$2" ;;
    boot)
      mv -f -- "$2.before-tsplay" "$2"
      if [ "${2##*/}" = boot.txt ] && [ -x "${2%/*}/mkscr" ]; then (cd "${2%/*}" && ./mkscr); fi
      ;;
  esac
  case $1 in */NetworkManager/*) systemctl reload NetworkManager ;; esac
}

# One program looks at all processes: a host has hundreds.
processes() {
  grep -ls containerd-shim /proc/[0-9]*/cmdline | while read -r file; do
    case $(tr '\0' ' ' 2>/dev/null <"$file") in
      "$data"/*containerd-shim*) process=${file#/proc/} && echo "${process%/cmdline}" ;;
    esac
  done
}

mounts() {
  while read -r _ path _; do
    case $path in
      /run/k3s | /run/k3s/* | /var/lib/kubelet | /var/lib/kubelet/* | "$data"/* | /run/netns/cni-*) printf '%b\n' "$path" ;;
      /run/cilium/*) printf '%b\n' "$path" | also cilium ;;
    esac
  done </proc/mounts | sort -ru
}

interfaces() {
  for path in /sys/class/net/*; do
    link=${path##*/}
    case $link in
      cni0 | flannel.1 | flannel-v6.1 | kube-ipvs0 | flannel-wg | flannel-wg-v6) echo "$link" ;;
      nodelocaldns) echo "$link" | also cni ;;
      cali* | vxlan.calico | vxlan-v6.calico) echo "$link" | also calico ;;
      cilium_* | lxc*) echo "$link" | also cilium ;;
      kube-bridge) echo "$link" | also kube-router ;;
      weave) echo "$link" | also weave ;;
      *) if [ -e "/sys/class/net/cni0/lower_$link" ]; then echo "$link"; fi ;;
    esac
  done
}

# A rule is k3s's by the chain it is in or jumps to, or by flannel's comment: never by a word that others may use.
rules_pattern() {
  chains=KUBE-\|CNI-\|FLANNEL-
  case $also in *,calico,*) chains=$chains\|cali- ;; esac
  case $also in *,cilium,*) chains=$chains\|CILIUM_\|OLD_CILIUM_ ;; esac
  case $also in *,weave,*) chains=$chains\|WEAVE ;; esac
  echo "^:($chains)|-[Ajg] ($chains)|--comment \"?flannel"
}

rules() {
  for family in iptables ip6tables; do
    count=$("$family-save" 2>/dev/null | grep -cE -e "$(rules_pattern)")
    if [ "${count:-0}" -gt 0 ]; then echo "$family"; fi
  done
}

tables() {
  for table in 'ip kube-proxy' 'ip6 kube-proxy' 'ip flannel-ipv4' 'ip6 flannel-ipv6'; do
    # shellcheck disable=SC2086 # two words
    if nft list table $table >/dev/null 2>&1; then echo "$table"; fi
  done
}

sets() {
  ipset list -n 2>/dev/null | while IFS= read -r set; do
    case $set in
      KUBE-*) echo "$set" ;;
      cali*) echo "$set" | also calico ;;
      kube-router-*) echo "$set" | also kube-router ;;
    esac
  done
}

runs() {
  if has_systemd; then
    systemctl is-active --quiet "$1"
  else
    [ -e "$root/etc/init.d/$1" ] && rc-service "$1" status >/dev/null
  fi 2>/dev/null
}

look() {
  for unit in k3s k3s-agent; do
    if runs "$unit"; then echo "service $unit"; fi
  done
  for kind in files settings processes mounts interfaces rules tables sets; do
    "$kind" | sed "/^left /!s|^|$kind |"
  done
}

# What goes, of one kind.
ours() {
  "$1" | grep -v '^left '
}

# These processes and all below them, from one look at all; a command's name is in parentheses and may hold anything.
trees() {
  table=$(cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^\([0-9]*\) (.*) [^ ]* \([0-9]*\) .*/\1 \2/')
  found=" $* "
  grew=yes
  while [ "$grew" = yes ]; do
    grew=no
    while read -r process parent; do
      case $found in *" $process "*) continue ;; esac
      case $found in *" $parent "*) found="$found$process " grew=yes ;; esac
    done <<END
$table
END
  done
  echo "$found"
}

# Never across a mount: what is mounted there is somebody's data.
remove_file() {
  if [ ! -L "$1" ] && cut -d ' ' -f 2 /proc/mounts | grep -qE "^$(printf '%s' "$1" | sed 's/[].[*^$]/\\&/g')(/|\$)"; then
    echo "something is mounted below $1: left as it is" >&2
  elif rm --help 2>&1 | grep -q one-file-system; then rm -rf --one-file-system -- "$1"
  else rm -rf -- "$1"; fi
}

remove() {
  # shellcheck disable=SC2046 # lists of numbers
  kill -9 $(trees $(ours processes)) 2>/dev/null
  ours mounts | while IFS= read -r path; do
    limited umount "$path" 2>/dev/null || limited umount -l "$path" || echo "still mounted: $path" >&2
    case $path in /run/netns/cni-*) ip netns delete "${path##*/}" 2>/dev/null ;; esac
  done
  ours interfaces | while read -r link; do ip link delete "$link"; done
  # Everybody else's rules are put back as they were, with their counters.
  ours rules | while read -r family; do
    "$family-save" -c | grep -vE -e "$(rules_pattern)" | "$family-restore" -c
  done
  # shellcheck disable=SC2086 # two words
  ours tables | while read -r table; do nft delete table $table; done
  ours sets | while IFS= read -r set; do ipset destroy "$set"; done
  # shellcheck disable=SC2086 # its words
  ours settings | while read -r setting; do put_back $setting; done
  ours files | while IFS= read -r path; do remove_file "$path"; done
  # Only if nothing else of Rancher's is there.
  rmdir /etc/rancher /var/lib/rancher 2>/dev/null
  if has_systemd; then
    systemctl daemon-reload 2>/dev/null
    systemctl reset-failed k3s k3s-agent 2>/dev/null
  fi
}

case $doing in
  look) look ;;
  remove) remove ;;
esac
exit 0
