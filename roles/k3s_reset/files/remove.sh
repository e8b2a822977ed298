#!/bin/sh
# Takes k3s off this host; its service is stopped already. What cannot be removed is told and left for the report.
# remove.sh DATA_DIR LOCATION SYSTEMD_DIR BIN_DIR
data=$1 location=$2 units=$3 bin=$4
PATH=$PATH:/usr/sbin:/sbin

# A network file system that does not answer hangs whoever asks it.
limited() {
  if command -v timeout >/dev/null 2>&1; then timeout 15 "$@"; else "$@"; fi
}

descendants() {
  for stat in /proc/[0-9]*/stat; do
    # The command's name is in parentheses and may hold anything.
    line=$(sed 's/.*) //' "$stat" 2>/dev/null) || continue
    parent=$(echo "$line" | cut -d ' ' -f 2)
    if [ "$parent" = "$1" ]; then
      child=${stat#/proc/}
      child=${child%/stat}
      echo "$child"
      (descendants "$child")
    fi
  done
}

kill_containers() {
  for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) in
      "$data"/*containerd-shim*)
        shim=${process#/proc/}
        # shellcheck disable=SC2046 # a list of numbers
        kill -9 "$shim" $(descendants "$shim") 2>/dev/null
        ;;
    esac
  done
}

mounts_below() {
  while read -r _ path _; do
    case $path in
      "$1" | "$1"/*) printf '%b\n' "$path" ;;
    esac
  done </proc/mounts | sort -ru
}

detach() {
  mounts_below "$1" | while IFS= read -r path; do
    limited umount "$path" 2>/dev/null || limited umount -l "$path" || echo "still mounted: $path" >&2
  done
}

# Never across a mount: what is mounted there is somebody's data.
remove() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  if [ ! -L "$1" ] && [ -n "$(mounts_below "$1")" ]; then
    echo "something is mounted below $1: left as it is" >&2
    return 0
  fi
  if rm --help 2>&1 | grep -q one-file-system; then rm -rf --one-file-system -- "$1"; else rm -rf -- "$1"; fi
}

# Only lines of k3s, flannel and CNI go; ufw's and everybody else's are put back as they were.
filter_rules() {
  "$1-save" 2>/dev/null | grep -qE 'KUBE-|CNI-|[Ff][Ll][Aa][Nn][Nn][Ee][Ll]' || return 0
  "$1-save" | grep -vE 'KUBE-|CNI-|[Ff][Ll][Aa][Nn][Nn][Ee][Ll]' | "$1-restore"
}

kill_containers
for path in /run/k3s /var/lib/kubelet "$data" /run/netns; do
  if [ "$path" = /run/netns ]; then
    for netns in /run/netns/cni-*; do
      [ -e "$netns" ] || continue
      detach "$netns"
      ip netns delete "${netns##*/}" 2>/dev/null
    done
  else detach "$path"
  fi
done

for link in cni0 flannel.1 flannel-v6.1 kube-ipvs0 flannel-wg flannel-wg-v6; do
  if [ -e "/sys/class/net/$link" ]; then ip link delete "$link"; fi
done
filter_rules iptables
if command -v ip6tables-save >/dev/null 2>&1; then filter_rules ip6tables; fi
if command -v ipset >/dev/null 2>&1; then
  ipset list -n 2>/dev/null | grep '^KUBE-' | while IFS= read -r set; do ipset destroy "$set"; done
fi

# Links of ours only: kubectl may be somebody else's.
for tool in kubectl crictl ctr; do
  case $(readlink "$bin/$tool" 2>/dev/null) in
    k3s | "$bin/k3s") rm -f -- "$bin/$tool" ;;
  esac
done
for unit in k3s k3s-agent; do
  rm -rf -- "$units/$unit.service" "$units/$unit.service.env" "$units/$unit.service.d"
done
systemctl daemon-reload 2>/dev/null
systemctl reset-failed k3s k3s-agent 2>/dev/null
rm -f -- "$bin"/k3s "$bin"/k3s-v[0-9]* "$bin"/k3s-killall.sh "$bin"/k3s-uninstall.sh "$bin"/k3s-agent-uninstall.sh
for path in /run/k3s /run/flannel /var/lib/kubelet /var/lib/cni "$data" "$location" /etc/rancher/k3s /etc/rancher/node \
  /var/log/pods /var/log/containers; do
  remove "$path"
done
# Only if nothing else of Rancher's is there.
rmdir /etc/rancher /var/lib/rancher 2>/dev/null
exit 0
