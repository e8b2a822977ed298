import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Diagnostic, exitCodes, InputError } from '../errors.js'
import { loadInventory } from '../inventory/index.js'
import type { Files } from '../syntax/files.js'
import { checkPlan } from './check.js'
import type { Reader } from './context.js'
import { readDirective } from './include.js'
import type { Plan } from './plan.js'
import { readPlaybook } from './playbook.js'
import { extraLayer } from './static-scope.js'

export interface PlanOptions {
  /** Paths of inventories, or `host,` lists. */
  readonly inventories: readonly string[]
  readonly playbooks: readonly string[]
  readonly extraVars: ReadonlyMap<string, unknown>
  readonly files: Files
  /** The folder that relative names start from. */
  readonly cwd: string
}

/** Where the roles and playbooks that ship with tsplay are: beside `runner/`, in the source tree and in the package. */
function shippedFolder(name: 'roles' | 'playbooks', files: Files): string {
  let dir = dirname(fileURLToPath(import.meta.url))
  while (!files.isDirectory(resolve(dir, name)) || !files.isFile(resolve(dir, 'package.json'))) {
    if (dirname(dir) === dir) return resolve(name)
    dir = dirname(dir)
  }
  return resolve(dir, name)
}

/** A playbook's name: in the current folder, then in `./playbooks`, then among those that ship. */
function findPlaybook(name: string, options: PlanOptions, report: (diagnostic: Diagnostic) => void): string {
  const folders = [options.cwd, resolve(options.cwd, 'playbooks'), shippedFolder('playbooks', options.files)]
  const path = folders.map((dir) => resolve(dir, name)).find((file) => options.files.isFile(file))
  if (!path)
    report({
      code: 'missing-file',
      message: `no playbook '${name}'`,
      hint: `looked in ${folders.join(', ')}`,
    })
  return path ?? ''
}

/**
 * Reads and checks everything that a run needs. No host is touched.
 * @throws InputError with every mistake that was found
 */
export function loadPlan(options: PlanOptions): { plan: Plan; warnings: readonly Diagnostic[] } {
  const found: Diagnostic[] = []
  const known = new Set<string>()
  const report = (diagnostic: Diagnostic): void => {
    const key = keyOf(diagnostic)
    if (!known.has(key)) found.push(diagnostic)
    known.add(key)
  }
  let id = 0
  const reader: Reader = {
    files: options.files,
    report,
    extraVars: extraLayer(options.extraVars),
    rolePaths: [resolve(options.cwd, 'roles'), shippedFolder('roles', options.files)],
    roles: new Map(),
    readDirective,
    nextId: () => ++id,
  }
  const playbooks = options.playbooks
    .map((name) => ({ name, path: findPlaybook(name, options, report) }))
    .filter(({ path }) => path !== '')
  const inventory = loadInventory({
    sources: options.inventories,
    files: options.files,
    report,
    playbookDir: playbooks[0] && dirname(playbooks[0].path),
  })
  const plays = playbooks.flatMap(({ name, path }) =>
    readPlaybook(path, reader).map((play) => ({ ...play, playbook: name })),
  )
  const plan: Plan = { plays, inventory, playbooks: options.playbooks }
  const hasInventory = options.inventories.length > 0
  // What could not be read may define what all the others need: telling that it is missing would only hide the cause.
  if (found.some(isUnreadable)) throw new InputError(found)
  checkPlan(plan, { extraVars: options.extraVars, files: options.files, hasInventory, report })
  const errors = found.filter((diagnostic) => diagnostic.severity !== 'warning')
  // A pattern that names nothing has an exit code of its own.
  const isPattern = errors.every((diagnostic) => diagnostic.code === 'pattern')
  if (errors.length > 0) throw new InputError(found, isPattern ? exitCodes.noHosts : exitCodes.badInput)
  return { plan, warnings: found }
}

function isUnreadable({ code, severity }: Diagnostic): boolean {
  return severity !== 'warning' && ['yaml', 'missing-role', 'cycle'].includes(code)
}

/** A role that is used twice is read twice, and its mistakes are told once. */
function keyOf({ message, span }: Diagnostic): string {
  return JSON.stringify([message, span?.file.path, span?.start, span?.end])
}
