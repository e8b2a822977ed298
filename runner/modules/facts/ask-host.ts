/** The groups `min`, `virtual` and `local`: what the host is. Functions of sh; `has`, `say` and `show` are the script's. */
export const askHost = `facts_min() {
  say time; date +%s%N
  say zone; date '+%Z %z'
  say os; show /etc/os-release || show /usr/lib/os-release
  say kernel; show /proc/sys/kernel/osrelease || uname -r
  say machine; uname -m
  say init
  if [ -d /run/systemd/system ]; then echo systemd
  elif [ -d /run/openrc ]; then echo openrc
  else show /proc/1/comm
  fi
  say package_manager
  for tool in apt-get zypper dnf yum pacman apk; do
    if has "$tool"; then echo "$tool"; break; fi
  done
  say cgroup_mounts; grep -E ' cgroup2? ' /proc/mounts
  say cgroup_controllers; show /sys/fs/cgroup/cgroup.controllers; show /sys/fs/cgroup/unified/cgroup.controllers
  say cgroups; show /proc/cgroups
  say cmdline; show /proc/cmdline
  say uptime; show /proc/uptime
  say hostname; show /proc/sys/kernel/hostname || uname -n
  say fqdn; if has timeout; then timeout 2 hostname -f 2>/dev/null; fi
  say machine_id; show /etc/machine-id || show /var/lib/dbus/machine-id
  say boot_id; show /proc/sys/kernel/random/boot_id
  say selinux; show /sys/fs/selinux/enforce
  say apparmor; show /sys/module/apparmor/parameters/enabled
  say user; id -un; id -u; printf '%s\\n' "\${HOME-}"
}
facts_virtual() {
  say virtualization; has systemd-detect-virt && systemd-detect-virt 2>/dev/null
  say container
  if [ -e /run/systemd/container ]; then show /run/systemd/container
  elif [ -e /.dockerenv ]; then echo docker
  elif [ -e /run/.containerenv ]; then echo podman
  else tr '\\000' '\\n' 2>/dev/null </proc/1/environ | sed -n 's/^container=//p'
  fi
  say product; show /sys/class/dmi/id/sys_vendor; show /sys/class/dmi/id/product_name
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
