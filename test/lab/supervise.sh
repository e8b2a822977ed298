#!/bin/sh
# supervise.sh "CGROUP CGROUP..." COMMAND...: runs a host, and boots it again when it rebooted.
# It waits for the word "go": its starter first records its pid, so that no host ever runs unrecorded.
set -u
read -r word || exit 1
[ "$word" = go ] || exit 1
exec </dev/null

cgroups=$1
shift
while :; do
  (
    # 0 is the writer itself: this subshell, which becomes the host
    for dir in $cgroups; do echo 0 >"$dir/cgroup.procs" || exit 1; done
    exec "$@"
  )
  code=$?
  # 133: systemd-nspawn's way to say that the host asked for a reboot
  [ "$code" -eq 133 ] || exit "$code"
done
