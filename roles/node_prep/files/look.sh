#!/bin/sh
# What of a host's kernel and system speaks for or against k3s; a fact a line.
# look.sh MODULES FILES KEY=VALUE...; MODULES and FILES are words with spaces
PATH=$PATH:/usr/sbin:/sbin
modules=$1 files=$2
shift 2

# A feature that is built in has no module, and none has to be loaded.
works() {
  case $1 in
    overlay) grep -qw overlay /proc/filesystems ;;
    br_netfilter) [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] ;;
    *) [ -e "/sys/module/$1" ] || grep -qs "/$1\.ko" "/lib/modules/$(uname -r)/modules.builtin" ;;
  esac
}

for module in $modules; do
  works "$module" || echo "missing $module"
  case $(modinfo -n "$module" 2>/dev/null) in
    /*) echo "loadable $module" ;;
  esac
done
for pair; do
  key=${pair%%=*}
  now=$(tr '\t' ' ' <"/proc/sys/$(echo "$key" | tr . /)" 2>/dev/null)
  [ "$now" = "${pair#*=}" ] || echo "sysctl $key $now"
done
# Files of the role, by their first line; what stands there without it is somebody's own.
for file in $files; do
  first=
  [ ! -f "$file" ] || read -r first <"$file"
  case $first in '# Kept by tsplay'*) echo "ours $file" ;; esac
done
iptables --version 2>/dev/null | sed -n 's/^[^ ]* \(v[0-9.]*\).*/iptables \1/p'
if command -v systemctl >/dev/null 2>&1; then
  for unit in NetworkManager nm-cloud-setup.service nm-cloud-setup.timer; do
    if systemctl is-enabled --quiet "$unit" 2>/dev/null || systemctl is-active --quiet "$unit" 2>/dev/null; then echo "unit $unit"; fi
  done
fi
exit 0
