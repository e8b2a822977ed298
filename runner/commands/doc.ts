import { didYouMean, exitCodes, InputError } from '../errors.js'
import { loadLibrary } from '../library/load.js'
import { controlModules } from '../modules/control/index.js'
import { docText } from '../modules/doc.js'
import type { AnyModule } from '../modules/module.js'
import { customModules, findModule, modules } from '../modules/registry.js'
import { directiveDocs } from '../plan/directives.js'
import { diskFiles } from '../syntax/files.js'

/**
 * `tsplay doc MODULE…`: what modules do and take. Without a name, all of them in a line each.
 * @returns the exit code
 * @throws InputError for a name that is no module's
 */
export async function runDoc(
  names: readonly string[],
  write: (text: string) => void,
  cwd = process.cwd(),
): Promise<number> {
  await loadLibrary([], cwd, diskFiles())
  const all = allModules()
  if (names.includes('--help') || names.includes('-h')) {
    write('usage: tsplay doc [MODULE...]\n')
    return exitCodes.ok
  }
  const pages = names.map((name) => docText(find(name, all)))
  write(names.length > 0 ? pages.join('\n') : index(all))
  return exitCodes.ok
}

type Documented = Pick<AnyModule, 'name' | 'doc' | 'args' | 'freeForm'>

function allModules(): ReadonlyMap<string, Documented> {
  const pairs = [
    ...Object.values(modules),
    ...customModules().values(),
    ...controlModules,
    ...directiveDocs,
  ].map((one) => [one.name, one as Documented] as const)
  return new Map(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function find(name: string, all: ReadonlyMap<string, Documented>): AnyModule {
  const found = findModule(name) ?? all.get(name.replace(/^ansible\.builtin\./, ''))
  if (found) return found as AnyModule
  const near = didYouMean(name, all.keys())
  throw new InputError([
    {
      code: 'unknown-module',
      message: `no module '${name}'`,
      ...(near ? { hint: `did you mean '${near}'?` } : {}),
    },
  ])
}

function index(all: ReadonlyMap<string, Documented>): string {
  const width = Math.max(...[...all.keys()].map((name) => name.length))
  return [...all].map(([name, { doc }]) => `${name.padEnd(width)}  ${doc.summary}\n`).join('')
}
