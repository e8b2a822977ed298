import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { builtExpressions } from './built-expressions.js'

/**
 * Bundles the program into one file, program.cjs, with the code that V8 makes of it beside it (see built-program.ts): reading
 * some hundred files and compiling them would be most of a start. What is native stays outside: esbuild, which is loaded only
 * where a module of one's own is read, and the parts of ssh2 that not every machine can build.
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

/** ssh2 asks for what it built of itself by a path beside its own file. */
const builtBySsh2: Plugin = {
  name: 'built-by-ssh2',
  setup({ onResolve }) {
    onResolve({ filter: /\/sshcrypto\.node$/ }, ({ path }) => ({
      path: join('ssh2/lib/protocol', path),
      external: true,
    }))
  },
}

/** The expressions of what ships are in the program, read and compiled. */
const withExpressions: Plugin = {
  name: 'with-expressions',
  setup({ onLoad }) {
    onLoad({ filter: /\/runner\/expression\/built\.ts$/ }, () => ({ contents: builtExpressions(root) }))
  },
}

/** The command takes the program as it was built. */
const builtProgram: Plugin = {
  name: 'built-program',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/main\.js$/ }, () => ({ path: join(import.meta.dirname, 'built-main.ts') }))
  },
}

const root = resolve(import.meta.dirname, '../..')
const out = resolve(root, process.argv[2] ?? 'dist/runner')
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
} satisfies BuildOptions

await build({
  ...common,
  entryPoints: ['scripts/bundle/entry.ts'],
  outfile: join(out, 'program.cjs'),
  format: 'cjs',
  external: ['esbuild', 'cpu-features'],
  plugins: [englishOnly, builtBySsh2, withExpressions],
  // A script that V8's code is kept of can require, but not import.
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'programUrl' },
  banner: { js: "const programUrl = require('node:url').pathToFileURL(__filename).href;" },
})
toAscii(join(out, 'program.cjs'))
await build({
  ...common,
  entryPoints: { cli: 'runner/cli.ts', main: 'scripts/bundle/built-main.ts' },
  outdir: out,
  splitting: true,
  format: 'esm',
  plugins: [builtProgram],
})
const keep = spawnSync(
  process.execPath,
  ['--import', 'tsx', join(import.meta.dirname, 'keep-code.ts'), join(out, 'program.cjs')],
  { cwd: root, encoding: 'utf8' },
)
if (keep.status !== 0) throw new Error(`the program does not run: ${keep.stdout}${keep.stderr}`)
const index = `import { api } from './main.js'\nexport const { ${keep.stdout} } = await api()\n`
writeFileSync(join(out, 'index.js'), index)

/** esbuild writes texts so, and leaves regular expressions and comments as they are. */
function toAscii(path: string): void {
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  writeFileSync(path, readFileSync(path, 'utf8').replace(/[^\0-\x7f]/g, escaped))
}
