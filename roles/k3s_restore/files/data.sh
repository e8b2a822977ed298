#!/bin/sh
# Puts data into the place of a server's own: data.sh etcd|sqlite K3S DATA_DIR ENVIRONMENT FILE SUFFIX ARGUMENTS...
# etcd: k3s makes this server the only member, with what FILE holds, or with its own data where FILE is empty.
# sqlite: FILE is a tar of server/db; what was there before is kept as server/db.SUFFIX.
kind=$1 k3s=$2 data=$3 environment=$4 file=$5 suffix=$6
shift 6

if [ "$kind" = sqlite ]; then
  fresh=$data/server/db.restored
  rm -rf -- "$fresh"
  mkdir -p -- "$fresh" && tar -C "$fresh" -xf "$file" || exit 1
  if [ -e "$data/server/db" ]; then
    # Cut off before: what is aside is the older, and stays.
    if [ -e "$data/server/db.$suffix" ]; then rm -rf -- "$data/server/db"; else mv -- "$data/server/db" "$data/server/db.$suffix" || exit 1; fi
  fi
  mv -- "$fresh/db" "$data/server/db" && rmdir "$fresh" || exit 1
  # Snapshots of a time when it had etcd are no part of a backup, and stay where they were.
  if [ -d "$data/server/db.$suffix/snapshots" ] && [ ! -e "$data/server/db/snapshots" ]; then
    mv -- "$data/server/db.$suffix/snapshots" "$data/server/db/snapshots"
  fi
  exit
fi

# What the unit gives to k3s, as systemd reads it.
if [ -f "$environment" ]; then
  while IFS= read -r line; do
    case $line in
      '' | \#* | \;*) ;;
      [A-Za-z_]*=*)
        value=${line#*=}
        case $value in
          \"*\") value=${value#\"} value=${value%\"} ;;
          \'*\') value=${value#\'} value=${value%\'} ;;
        esac
        export "${line%%=*}=$value"
        ;;
    esac
  done <"$environment"
fi

# The same configuration, but for the server that it would join: this one is the first now.
umask 077
folder=$(mktemp -d) || exit 1
trap 'rm -rf -- "$folder"' EXIT
trap 'exit 143' HUP INT TERM
mkdir "$folder/config.yaml.d" || exit 1
for part in /etc/rancher/k3s/config.yaml /etc/rancher/k3s/config.yaml.d/*.yaml /etc/rancher/k3s/config.yaml.d/*.yml; do
  [ -f "$part" ] || continue
  grep -vE "^[\"']?server[\"']?[[:space:]]*:" "$part" >"$folder/${part#/etc/rancher/k3s/}"
done
unset K3S_URL
K3S_CONFIG_FILE=$folder/config.yaml
export K3S_CONFIG_FILE

set -- "$@" --data-dir "$data" --cluster-reset
if [ -n "$file" ]; then set -- "$@" "--cluster-reset-restore-path=$file"; fi
"$k3s" server "$@" >"$folder/log" 2>&1
code=$?
[ "$code" -ne 0 ] || exit 0
echo 'k3s could not take the data:' >&2
tail -n 15 "$folder/log" >&2
exit "$code"
