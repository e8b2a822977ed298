import { resolve } from 'node:path'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '../..')
const folder = '.lab-program'

/** The command for tests that need it as a process of its own, in one file: each start of the sources takes seconds. */
export const program = resolve(root, folder, 'cli.js')

/** Once for all test files. */
export async function buildProgram(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ['runner/cli.ts'],
    outdir: folder,
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  })
}
