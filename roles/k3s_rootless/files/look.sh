#!/bin/sh
# What a user's k3s needs and facts do not tell; reads only. look.sh USER
# One finding a line: uid N, home PATH, controllers WORDS, subuid / subgid FIRST COUNT, userns N, clone N, linger
user=$1
uid=$(id -u "$user" 2>/dev/null) || exit 0
echo "uid $uid"
echo "home $(getent passwd "$user" | cut -d : -f 6)"
# What systemd delegates to the services of the user; nothing while none of them has run.
if [ -r "/sys/fs/cgroup/user.slice/user-$uid.slice/user@$uid.service/cgroup.controllers" ]; then
  echo "controllers $(cat "/sys/fs/cgroup/user.slice/user-$uid.slice/user@$uid.service/cgroup.controllers")"
fi
for kind in subuid subgid; do
  [ ! -r "/etc/$kind" ] || while IFS=: read -r owner first count; do
    case $owner in "$user" | "$uid") echo "$kind $first $count" ;; *) echo "other $kind $first $count" ;; esac
  done <"/etc/$kind"
done
[ ! -r /proc/sys/user/max_user_namespaces ] || echo "userns $(cat /proc/sys/user/max_user_namespaces)"
[ ! -r /proc/sys/kernel/unprivileged_userns_clone ] || echo "clone $(cat /proc/sys/kernel/unprivileged_userns_clone)"
[ ! -e "/var/lib/systemd/linger/$user" ] || echo linger
