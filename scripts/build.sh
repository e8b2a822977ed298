#!/bin/sh
# Types are checked and declared by tsc; the program is bundled by esbuild.
set -eu
cd "$(dirname "$0")/.."
rm -rf dist
npx tsc -p tsconfig.build.json
npx tsx scripts/bundle/bundle.ts
chmod +x dist/runner/cli.js
