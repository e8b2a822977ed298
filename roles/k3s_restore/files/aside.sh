#!/bin/sh
# Moves what a server knows of the old cluster aside: aside.sh DATA_DIR SUFFIX db|tls|cred... Its snapshots stay where they
# are. Told again after a cut, it goes on; what is aside already is never replaced.
data=$1 suffix=$2
shift 2
cd "$data/server" || exit 1
for name in "$@"; do
  if [ -e "$name" ] && [ ! -e "$name.$suffix" ]; then mv -- "$name" "$name.$suffix" || exit 1; fi
done
if [ -d "db.$suffix/snapshots" ] && [ ! -e db/snapshots ]; then
  mkdir -p db && chmod 700 db && mv -- "db.$suffix/snapshots" db/snapshots || exit 1
fi
