import { resolve } from 'node:path'
import { build, type Plugin } from 'esbuild'

/**
 * Bundles the program: loading some hundred files would be a third of a start. ssh2 and esbuild stay outside: they are
 * loaded only where something connects or a module of one's own is read, and have native parts.
 */

/** zod brings its messages in every language, 360 KB that each start would parse: English is what is shown. */
const englishOnly: Plugin = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js'",
    }))
  },
}

const root = resolve(import.meta.dirname, '..')

await build({
  absWorkingDir: root,
  entryPoints: ['runner/cli.ts', 'runner/index.ts'],
  outdir: process.argv[2] ?? 'dist/runner',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: ['ssh2', 'esbuild'],
  logLevel: 'warning',
  plugins: [englishOnly],
  banner: {
    js: "import { createRequire as packageRequire } from 'node:module'; const require = packageRequire(import.meta.url);",
  },
})
