#!/bin/sh
# What a user's k3s needs and facts do not tell; reads only.
# look.sh USER [SECONDS]; SECONDS: how long it waits for a service of the user to run
# One finding a line: uid N, home PATH, controllers WORDS, subuid / subgid FIRST COUNT, userns N, clone N, linger
user=$1 left=${2:-0}
uid=$(id -u "$user" 2>/dev/null) || exit 0
echo "uid $uid"
echo "home $(getent passwd "$user" | cut -d : -f 6)"
# What systemd delegates to the services of the user; nothing while none of them has run.
delegated=/sys/fs/cgroup/user.slice/user-$uid.slice/user@$uid.service/cgroup.controllers
while [ ! -r "$delegated" ] && [ "$left" -gt 0 ]; do
  sleep 1
  left=$((left - 1))
done
[ ! -r "$delegated" ] || echo "controllers $(cat "$delegated")"
for kind in subuid subgid; do
  [ ! -r "/etc/$kind" ] || while IFS=: read -r owner first count; do
    case $owner in "$user" | "$uid") echo "$kind $first $count" ;; *) echo "other $kind $first $count" ;; esac
  done <"/etc/$kind"
done
[ ! -r /proc/sys/user/max_user_namespaces ] || echo "userns $(cat /proc/sys/user/max_user_namespaces)"
[ ! -r /proc/sys/kernel/unprivileged_userns_clone ] || echo "clone $(cat /proc/sys/kernel/unprivileged_userns_clone)"
[ ! -e "/var/lib/systemd/linger/$user" ] || echo linger
