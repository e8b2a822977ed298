#!/bin/sh
# npm run demo: five real hosts, a k3s cluster on them, and a second run that changes nothing.
set -eu
cd "$(dirname "$0")/.."
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say '1. What the demo needs: npm packages, the build, Debian packages'
sh scripts/setup.sh

say '2. Five hosts: three servers, two agents (systemd, sshd, apt, ufw; the first time an image is built, about a minute)'
npx tsx test/lab/cli.ts up --nodes 5

tsplay() {
  printf '\n$ tsplay %s\n' "$*"
  node dist/runner/cli.js "$@"
}

say '3. The cluster'
tsplay -i .lab/inventory.yaml cluster.yaml

say '4. Its nodes, as a server sees them'
npx tsx test/lab/cli.ts ssh server-1 sudo /usr/local/bin/k3s kubectl get nodes -o wide

say '5. The same again: nothing changes'
tsplay -i .lab/inventory.yaml cluster.yaml

cat <<'END'

The k3s in this lab is a stand-in that keeps k3s's contract, because the lab needs no internet (test/lab/k3s/README.md).
For the real k3s, give your own hosts in an inventory and leave out airgap_dir: it is downloaded by k3s_version.

look inside:   npm run lab -- ssh server-1
               npm run lab -- status
take it back:  node dist/runner/cli.js -i .lab/inventory.yaml reset.yaml
take it down:  npm run lab -- down
END
