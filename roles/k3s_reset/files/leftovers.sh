#!/bin/sh
# What of k3s is on this host, one thing a line: "kind name". Reads only.
# leftovers.sh DATA_DIR LOCATION SYSTEMD_DIR BIN_DIR
data=$1 location=$2 units=$3 bin=$4

for unit in k3s k3s-agent; do
  if systemctl is-active --quiet "$unit" 2>/dev/null; then echo "service $unit"; fi
done

for path in "$units"/k3s.service "$units"/k3s.service.env "$units"/k3s.service.d \
  "$units"/k3s-agent.service "$units"/k3s-agent.service.env "$units"/k3s-agent.service.d \
  /etc/rancher /run/k3s /run/flannel /var/lib/kubelet /var/lib/cni /var/lib/rancher "$data" "$location" \
  /var/log/pods /var/log/containers \
  "$bin"/k3s "$bin"/k3s-v[0-9]* "$bin"/k3s-killall.sh "$bin"/k3s-uninstall.sh "$bin"/k3s-agent-uninstall.sh; do
  if [ -e "$path" ] || [ -L "$path" ]; then echo "file $path"; fi
done | sort -u

# Links of ours only: kubectl may be somebody else's.
for tool in kubectl crictl ctr; do
  case $(readlink "$bin/$tool" 2>/dev/null) in
    k3s | "$bin/k3s") echo "file $bin/$tool" ;;
  esac
done

for process in /proc/[0-9]*; do
  case $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) in
    "$data"/*containerd-shim*) echo "process ${process#/proc/}" ;;
  esac
done

while read -r _ path _; do
  case $path in
    /run/k3s | /run/k3s/* | /var/lib/kubelet | /var/lib/kubelet/* | "$data"/* | /run/netns/cni-*) echo "mount $path" ;;
  esac
done </proc/mounts

for link in cni0 flannel.1 flannel-v6.1 kube-ipvs0 flannel-wg flannel-wg-v6; do
  if [ -e "/sys/class/net/$link" ]; then echo "interface $link"; fi
done

for save in iptables-save ip6tables-save; do
  rules=$("$save" 2>/dev/null | grep -cE 'KUBE-|CNI-|[Ff][Ll][Aa][Nn][Nn][Ee][Ll]')
  if [ "${rules:-0}" -gt 0 ]; then echo "rules $save $rules"; fi
done
exit 0
