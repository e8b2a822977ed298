#!/bin/sh
# What this host tells of k3s: "key value" lines, then its certificates. Reads only.
# look.sh K3S DATA_DIR
k3s=$1 data=$2
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin:/usr/local/bin
export LC_ALL PATH
has() { command -v "$1" >/dev/null 2>&1; }
limited() {
  if has timeout; then timeout 10 "$@" 2>/dev/null; else "$@" 2>/dev/null; fi
}
echo "hostname $(hostname 2>/dev/null || uname -n)"
echo "boot $(cut -d ' ' -f 1 /proc/uptime)"
for unit in k3s k3s-agent; do
  if [ -e "/etc/init.d/$unit" ]; then
    if rc-service "$unit" status >/dev/null 2>&1; then state=active; else state=inactive; fi
    echo "unit $unit"
    echo "state $state"
  elif has systemctl && [ "$(systemctl show -P LoadState "$unit" 2>/dev/null)" = loaded ]; then
    echo "unit $unit"
    echo "state $(systemctl show -P ActiveState "$unit")"
  fi
done
# It is a link to the file of its release; asking it takes half a second.
version=
for file in "$k3s"-v*; do
  # shellcheck disable=SC3013 # dash, bash and busybox ash have it
  if [ "$file" -ef "$k3s" ]; then version=${file#"$k3s"-}; fi
done
if [ -n "$version" ]; then echo "version $version"
elif [ -x "$k3s" ]; then
  said=$(limited "$k3s" --version)
  echo "version $(echo "$said" | sed -n '1s/^k3s version \([^ ]*\).*/\1/p')"
fi
if has ufw && grep -qis '^ENABLED=["'\'']*yes' /etc/ufw/ufw.conf; then echo 'firewall ufw'
elif has firewall-cmd && firewall-cmd --state >/dev/null 2>&1; then echo 'firewall firewalld'
elif has systemctl && systemctl is-active --quiet nftables 2>/dev/null; then echo 'firewall nftables'
else echo 'firewall none'
fi
for file in "$data"/server/tls/*.crt "$data"/server/tls/etcd/*.crt "$data"/agent/*.crt; do
  case $file in *-ca.crt) continue ;; esac
  if [ -f "$file" ]; then cat "$file"; fi
done
exit 0
