/** The groups `min`, `virtual` and `local`: what the host is. Functions of sh; `has` and `say` are the script's. */
export const askHost = `facts_min() {
  say time; date +%s%N
  say zone; date '+%Z %z'
  say os; cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null
  say kernel; uname -r
  say machine; uname -m
  say init
  if [ -d /run/systemd/system ]; then echo systemd
  elif [ -d /run/openrc ]; then echo openrc
  else cat /proc/1/comm 2>/dev/null
  fi
  say package_manager
  for tool in apt-get zypper dnf yum pacman apk; do
    if has "$tool"; then echo "$tool"; break; fi
  done
  say cgroup_mounts; grep -E ' cgroup2? ' /proc/mounts
  say cgroup_controllers; cat /sys/fs/cgroup/cgroup.controllers /sys/fs/cgroup/unified/cgroup.controllers 2>/dev/null
  say cgroups; cat /proc/cgroups 2>/dev/null
  say cmdline; cat /proc/cmdline 2>/dev/null
  say uptime; cat /proc/uptime
  say hostname; hostname 2>/dev/null || uname -n
  say fqdn; if has timeout; then timeout 2 hostname -f 2>/dev/null; fi
  say machine_id; cat /etc/machine-id 2>/dev/null || cat /var/lib/dbus/machine-id 2>/dev/null
  say boot_id; cat /proc/sys/kernel/random/boot_id 2>/dev/null
  say selinux; cat /sys/fs/selinux/enforce 2>/dev/null
  say apparmor; cat /sys/module/apparmor/parameters/enabled 2>/dev/null
  say user; id -un; id -u; printf '%s\\n' "\${HOME-}"
}
facts_virtual() {
  say virtualization; has systemd-detect-virt && systemd-detect-virt 2>/dev/null
  say container
  if [ -e /run/systemd/container ]; then cat /run/systemd/container
  elif [ -e /.dockerenv ]; then echo docker
  elif [ -e /run/.containerenv ]; then echo podman
  else tr '\\000' '\\n' 2>/dev/null </proc/1/environ | sed -n 's/^container=//p'
  fi
  say product; cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name 2>/dev/null
}
# Facts of the host's own: what a program prints, or what a file holds. Each line begins with a bar, so that it can end
# nothing; the last tells the exit code, and is missing where there was too much.
facts_local() {
  say local
  for fact in "$fact_path"/*.fact /etc/tsplay/facts.d/*.fact; do
    [ -f "$fact" ] || continue
    name=\${fact##*/}
    case $name in *'
'*) continue ;; esac
    echo "fact \${name%.fact}"
    {
      if [ ! -x "$fact" ]; then cat <"$fact"
      elif has timeout; then timeout 10 "$fact"
      else "$fact"
      fi
      printf '\\n%s\\n' "status $?"
    } </dev/null 2>/dev/null | head -c 65536 | sed 's/^/|/'
    echo
  done
}
`
