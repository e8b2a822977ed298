#!/bin/sh
# What is left of containers once k3s is stopped: containers.sh look|end DATA_DIR. "look" tells it, one thing a line;
# "end" takes it away. Data below a mount is never touched: mounts are detached.
action=$1 data=$2
PATH=$PATH:/usr/sbin:/sbin

# A network file system that does not answer hangs whoever asks it.
limited() {
  if command -v timeout >/dev/null 2>&1; then timeout 15 "$@"; else "$@"; fi
}

# One program looks at all processes: a host has hundreds.
shims() {
  grep -ls containerd-shim /proc/[0-9]*/cmdline | while read -r file; do
    case $(tr '\0' ' ' 2>/dev/null <"$file") in
      "$data"/*containerd-shim*) process=${file#/proc/} && echo "${process%/cmdline}" ;;
    esac
  done
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

mounts() {
  while read -r _ path _; do
    case $path in
      /run/k3s/* | /var/lib/kubelet/pods/* | /var/lib/kubelet/plugins/* | /run/netns/cni-*) printf '%b\n' "$path" ;;
    esac
  done </proc/mounts | sort -ru
}

links() {
  for link in cni0 flannel.1 flannel-v6.1 kube-ipvs0 flannel-wg flannel-wg-v6; do
    if [ -e "/sys/class/net/$link" ]; then echo "$link"; fi
  done
}

if [ "$action" = look ]; then
  shims | sed 's/^/process /'
  mounts | sed 's/^/mount /'
  links | sed 's/^/interface /'
  exit 0
fi

# shellcheck disable=SC2046 # lists of numbers
kill -9 $(trees $(shims)) 2>/dev/null
mounts | while IFS= read -r path; do
  limited umount "$path" 2>/dev/null || limited umount -l "$path" || echo "still mounted: $path" >&2
  case $path in
    /run/netns/cni-*) ip netns delete "${path##*/}" 2>/dev/null ;;
  esac
done
for link in $(links); do ip link delete "$link"; done
left=$("$0" look "$data")
if [ -n "$left" ]; then
  printf 'still there:\n%s\n' "$left" >&2
  exit 1
fi
