#!/bin/sh
# What a fresh clone needs before anything of it runs: npm packages, the build, and Debian packages for the tests.
# Does nothing that is done already. Says precisely what is missing where it may not install it.
set -eu
cd "$(dirname "$0")/.."

major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
if [ "${major:-0}" -lt 20 ]; then
  echo "missing: Node.js 20 or newer (found: $(node --version 2>/dev/null || echo none))" >&2
  exit 1
fi

if ! cmp -s package-lock.json node_modules/.tsplay-lock 2>/dev/null; then
  npm ci --ignore-scripts --no-audit --no-fund
  cp package-lock.json node_modules/.tsplay-lock
fi

# Shells that scripts are tested under, and their linter.
wanted=
for pair in shellcheck:shellcheck busybox:busybox-static dash:dash; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || wanted="$wanted ${pair#*:}"
done
if [ -n "$wanted" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null
  else
    echo "missing, so their tests are skipped:$wanted (Debian packages; installed here only as root)" >&2
  fi
fi

npm run --silent build
