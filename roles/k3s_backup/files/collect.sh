#!/bin/sh
# Puts beside the snapshot what belongs to it, and tells the sums of all files.
# collect.sh FOLDER DATA_DIR HOST token|no-token tls|no-tls UNITS
folder=$1 data=$2 host=$3 token=$4 tls=$5 units=$6
umask 077
cd "$folder" || exit 1

if [ "$token" = token ]; then
  # The snapshot carries the node's name and a time; in a backup there is one.
  for file in snapshot-*; do
    if [ -f "$file" ]; then
      case $file in
        *.zip) mv -- "$file" snapshot.zip ;;
        *) mv -- "$file" snapshot ;;
      esac
    fi
  done
  cp -- "$data/server/token" token || exit 1
  # A link to the token where agents have none of their own.
  if [ -f "$data/server/agent-token" ] && [ ! -L "$data/server/agent-token" ]; then
    cp -- "$data/server/agent-token" agent-token || exit 1
  fi
fi
if [ "$tls" = tls ]; then
  set -- tls
  if [ -d "$data/server/cred" ]; then set -- "$@" cred; fi
  tar -C "$data/server" -cf tls.tar "$@" || exit 1
fi

set --
for file in etc/rancher/node/password etc/rancher/k3s/config.yaml etc/rancher/k3s/config.yaml.d etc/rancher/k3s/registries.yaml \
  etc/rancher/k3s/k3s.env etc/init.d/k3s \
  "${units#/}/k3s.service" "${units#/}/k3s.service.env" "${units#/}/k3s.service.d"; do
  if [ -e "/$file" ]; then set -- "$@" "$file"; fi
done
tar -C / -cf "config-$host.tar" "$@" || exit 1

find . -type f | sort | while IFS= read -r file; do sha256sum -- "$file" || exit 1; done
