import { shellScript } from '../script.js'

/**
 * Everything that is asked of a host, in one script: `== name`, then what the host said. Nothing here may fail or hang; what
 * a host does not have is simply not said.
 */
export const factsScript = shellScript(
  'setup',
  'probe',
  [],
  `LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
export LC_ALL PATH
has() { command -v "$1" >/dev/null 2>&1; }
say() { printf '\\n== %s\\n' "$1"; }
say time; date +%s%N
say os; cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null
say kernel; uname -r
say machine; uname -m
say init
if [ -d /run/systemd/system ]; then echo systemd
elif [ -d /run/openrc ]; then echo openrc
else cat /proc/1/comm 2>/dev/null
fi
say package_manager
for tool in apt-get dnf yum zypper pacman apk; do
  if has "$tool"; then echo "$tool"; break; fi
done
say cgroup_mounts; grep -E ' cgroup2? ' /proc/mounts
say cgroup_controllers; cat /sys/fs/cgroup/cgroup.controllers /sys/fs/cgroup/unified/cgroup.controllers 2>/dev/null
say cgroups; cat /proc/cgroups 2>/dev/null
say virtualization; has systemd-detect-virt && systemd-detect-virt 2>/dev/null
say product; cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name 2>/dev/null
say cpus; nproc 2>/dev/null || grep -c '^processor' /proc/cpuinfo
say memory; grep -E '^(MemTotal|MemFree|MemAvailable|SwapTotal|SwapFree):' /proc/meminfo
say mounts
set --
while read -r device path type rest; do
  case $type in
    ext[234] | xfs | btrfs | zfs | f2fs | vfat | jfs | reiserfs | bcachefs) ;;
    overlay | tmpfs | ramfs) [ "$path" = / ] || continue ;;
    *) continue ;;
  esac
  case $path in
    *\\\\* | /var/lib/kubelet/pods/* | /var/lib/docker/* | /run/k3s/*) continue ;;
  esac
  echo "mount $device $path $type \${rest%% *}"
  set -- "$@" "$path"
done </proc/mounts
[ $# -eq 0 ] || df -kP -- "$@" 2>/dev/null || df -kP 2>/dev/null
say links
for link in /sys/class/net/*; do
  [ -e "$link/address" ] && echo "\${link##*/} $(cat "$link/address")"
done
say addresses; has ip && ip -o addr show 2>/dev/null
say routes; has ip && ip -4 route show default 2>/dev/null
say hostname; hostname 2>/dev/null || uname -n
say fqdn; if has timeout; then timeout 2 hostname -f 2>/dev/null; fi
say machine_id; cat /etc/machine-id 2>/dev/null
say boot_id; cat /proc/sys/kernel/random/boot_id 2>/dev/null
say selinux; cat /sys/fs/selinux/enforce 2>/dev/null
say apparmor; cat /sys/module/apparmor/parameters/enabled 2>/dev/null
say ufw; if has ufw; then echo there; grep '^ENABLED' /etc/ufw/ufw.conf 2>/dev/null; fi
say firewalld; if has firewall-cmd; then echo there; has systemctl && systemctl is-active firewalld 2>/dev/null; fi
say nftables; if has nft; then echo there; has systemctl && systemctl is-active nftables 2>/dev/null; fi
say iptables; has iptables && iptables --version 2>/dev/null
say user; id -un; id -u; printf '%s\\n' "\${HOME-}"
say model; [ -e /proc/device-tree/model ] && tr -d '\\000' </proc/device-tree/model
say k3s
if has k3s; then
  if has timeout; then timeout 10 k3s --version 2>/dev/null; else k3s --version 2>/dev/null; fi
fi
say k3s_service
for service in k3s k3s-agent; do
  if [ -e "/etc/systemd/system/$service.service" ]; then
    echo "$service $(systemctl is-active "$service" 2>/dev/null)"
  elif [ -e "/etc/init.d/$service" ]; then
    if rc-service "$service" status >/dev/null 2>&1; then echo "$service active"; else echo "$service inactive"; fi
  fi
done
say end`,
)
