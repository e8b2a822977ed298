/** The groups `hardware` and `network`. Functions of sh; `has`, `say`, `show` and `first` are the script's. */
export const askHardware = `facts_hardware() {
  say cpus; nproc 2>/dev/null || grep -c '^processor' /proc/cpuinfo
  say cpuinfo; grep -E '^(model name|physical id|cpu cores)[[:space:]]*:' /proc/cpuinfo | sort -u
  say memory; grep -E '^(MemTotal|MemFree|MemAvailable|SwapTotal|SwapFree):' /proc/meminfo
  say swaps; show /proc/swaps
  say model; [ -e /proc/device-tree/model ] && tr -d '\\000' </proc/device-tree/model
  say disks
  for disk in /sys/block/*; do
    case \${disk##*/} in loop* | ram* | zram* | sr* | fd* | nbd*) continue ;; esac
    [ -e "$disk/size" ] || continue
    first "$disk/size"
    size=$first
    first "$disk/removable"
    removable=$first
    first "$disk/queue/rotational"
    rotational=$first
    first "$disk/device/model"
    echo "\${disk##*/} $size \${removable:-0} \${rotational:-0} $first"
  done
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
}
facts_network() {
  say links
  for link in /sys/class/net/*; do
    [ -e "$link/address" ] || continue
    first "$link/address"
    address=$first
    first "$link/mtu"
    mtu=$first
    first "$link/operstate"
    echo "\${link##*/} $address $mtu $first"
  done
  say addresses; has ip && ip -o addr show 2>/dev/null
  say routes; if has ip; then ip -4 route show default 2>/dev/null; fi
  say routes6; if has ip; then ip -6 route show default 2>/dev/null; fi
  say route_table; has ip || show /proc/net/route
  say dns; grep -E '^(nameserver|search|domain)[[:space:]]' /etc/resolv.conf 2>/dev/null
}
`
