#!/bin/sh
# Types are checked and declared by tsc; the program is bundled, since loading two hundred files is a third of a start.
# ssh2 stays outside: it is loaded only where something connects, and may have a native part.
set -eu
cd "$(dirname "$0")/.."
rm -rf dist
npx tsc -p tsconfig.build.json
npx esbuild runner/cli.ts runner/index.ts --bundle --splitting --platform=node --target=node20 --format=esm \
  --outdir=dist/runner --external:ssh2 --external:esbuild --log-level=warning \
  --banner:js="import { createRequire as packageRequire } from 'node:module'; const require = packageRequire(import.meta.url);"
chmod +x dist/runner/cli.js
