import { resolve } from 'node:path'
import { must } from './run.js'

const root = resolve(import.meta.dirname, '../..')
const folder = '.lab-program'

/**
 * The command for tests that need it as a process of its own, built as it is for users, with the code that V8 made of it:
 * each start of the sources would take seconds.
 */
export const program = resolve(root, folder, 'cli.js')

/** Once for all test files. */
export const buildProgram = async (): Promise<void> => {
  const args = ['--import', 'tsx', 'scripts/bundle/bundle.ts', folder]
  await must(process.execPath, args, { cwd: root, timeoutMs: 120_000 })
}
