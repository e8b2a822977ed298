#!/bin/sh
# What only a look at the host tells, before anything is changed. One finding a line; reads only.
# look.sh DATA_DIR SECONDS PORTS PEERS NAME TUNNEL
#   PORTS: words such as tcp/6443, that must be free   PEERS: words such as 10.0.0.11/6443, to be reached within SECONDS
#   NAME: a name that must resolve, or nothing   TUNNEL: the module that flannel needs, or nothing
data=$1 seconds=$2 ports=$3 peers=$4 name=$5 tunnel=$6

# The kernel's own tables: no program is needed, and an address of the loopback counts as any other.
listening() {
  for table in /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6; do
    [ -r "$table" ] || continue
    protocol=${table#/proc/net/} protocol=${protocol%6}
    while read -r _ local _ state _; do
      case $protocol$state in tcp0A | udp07) echo "$protocol/${local##*:}" ;; esac
    done <"$table"
  done
}

owner() { # PROTOCOL PORT: the program, where ss is there to tell
  case $1 in tcp) kind=-t ;; *) kind=-u ;; esac
  ss -Hlnp "$kind" "sport = :$2" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)".*/\1/p' | head -n 1
}

taken=$(listening)
for port in $ports; do
  case " $(echo "$taken" | tr '\n' ' ') " in
    *" ${port%/*}/$(printf '%04X' "${port#*/}") "*) echo "port $port $(owner "${port%/*}" "${port#*/}")" ;;
  esac
done

# Refused is reached: nobody listens there yet. Silence is a packet filter, or no host.
reach() { # ADDRESS PORT
  if command -v bash >/dev/null 2>&1; then
    # shellcheck disable=SC2016 # for bash to expand
    said=$(LC_ALL=C timeout "$seconds" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1 </dev/null)
    case $? in
      0) return ;;
      124 | 143) echo "silent $1 $2"; return ;;
    esac
    case $said in
      *refused* | *reset*) ;;
      *route* | *nreachable* | *rohibited*) echo "unreachable $1 $2" ;;
    esac
  elif command -v nc >/dev/null 2>&1; then
    begun=$(date +%s)
    nc -w "$seconds" "$1" "$2" </dev/null >/dev/null 2>&1 && return
    [ $(($(date +%s) - begun)) -lt "$seconds" ] || echo "silent $1 $2"
  fi
}

running=0
for peer in $peers; do
  reach "${peer%/*}" "${peer##*/}" &
  running=$((running + 1))
  [ $((running % 50)) -ne 0 ] || wait
done
wait

if [ -n "$name" ] && command -v getent >/dev/null 2>&1; then
  getent ahosts "$name" >/dev/null || echo "unresolved $name"
fi

# The file system that the data will be on: that of the deepest folder that is there.
folder=$data
while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
df -P -k "$folder" | sed -n '2s/^.* \([0-9][0-9]*\)  *[0-9][0-9]*% .*$/\1/p' | while read -r free; do
  echo "disk $((free / 1024)) $folder"
done

# Built in, loaded, or to be loaded: only where none of it is known to be true, the feature is missing.
feature() { # MODULE FILE
  [ -e "$2" ] || grep -qw "$1" /proc/filesystems || modprobe -n -q "$1" 2>/dev/null || {
    [ -d "/lib/modules/$(uname -r)" ] && ! grep -qw "$1" "/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null && echo "missing $1"
  }
}
feature overlay /sys/module/overlay
feature br_netfilter /proc/sys/net/bridge
[ -z "$tunnel" ] || feature "$tunnel" "/sys/module/$tunnel"

# Data, certificates and pods of a cluster without a k3s that would use them, and other kinds of Kubernetes. What a run of this project
# that was cut before it wrote the service leaves is none of it, nor are CAs that somebody has put into server/tls.
for place in "$data" /var/lib/rancher/k3s; do
  for left in server/db/etcd server/db/state.db server/token server/cred server/tls/client-admin.crt \
    agent/kubelet.kubeconfig agent/client-kubelet.crt; do
    [ ! -e "$place/$left" ] || echo "left $place/$left"
  done
done | sort -u
for left in /etc/kubernetes/kubelet.conf /etc/kubernetes/manifests/*.yaml /var/lib/rancher/rke2 /var/snap/microk8s /var/lib/k0s \
  /var/lib/kubelet/pods/* /var/lib/kubelet/config.yaml /sys/class/net/cni0 /sys/class/net/flannel.1 /sys/class/net/cilium_host \
  /sys/class/net/vxlan.calico /sys/class/net/kube-bridge; do
  [ ! -e "$left" ] || echo "left $left"
done
exit 0
