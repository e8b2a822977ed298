#!/bin/sh
# npm test: everything from a fresh clone. The last line is `N passed, N failed, N skipped`.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
exec npx tsx test/run.ts "$@"
