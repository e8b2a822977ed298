import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const runner = join(root, 'runner')

interface SourceModule {
  readonly path: string
  readonly imports: readonly string[]
}

function readModules(): SourceModule[] {
  return readdirSync(runner, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const text = readFileSync(join(runner, name), 'utf8')
      const found = text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)
      return { path: name, imports: [...found].map((match) => match[1]!) }
    })
}

const modules = readModules()

function local(module: SourceModule): string[] {
  return module.imports
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(runner, resolve(runner, dirname(module.path), name)).replace(/\.js$/, '.ts'))
}

const folderOf = (path: string): string => (path.includes('/') ? path.split('/')[0]! : path)

/** What each room may import, beside itself and the vocabulary at the top (errors, events). */
const allowed: Readonly<Record<string, readonly string[]>> = {
  syntax: [],
  secrets: [],
  transport: ['secrets'],
  expression: ['syntax', 'secrets', 'transport'],
  vars: ['expression', 'syntax'],
  inventory: ['vars', 'expression', 'syntax', 'secrets', 'transport'],
  modules: ['transport', 'secrets', 'expression', 'vars'],
  plan: ['syntax', 'inventory', 'vars', 'expression', 'modules'],
  engine: ['plan', 'modules', 'transport', 'inventory', 'vars', 'expression', 'secrets', 'syntax'],
  library: ['modules', 'syntax'],
  commands: [
    'extra-vars.ts',
    'plan',
    'modules',
    'library',
    'inventory',
    'vars',
    'expression',
    'secrets',
    'syntax',
    'report',
  ],
  report: [],
  'errors.ts': ['syntax'],
  'events.ts': ['modules', 'secrets'],
}

describe('architecture', () => {
  it.each(Object.keys(allowed))('%s imports only what stands below it', (room) => {
    const wrong = modules
      .filter((module) => folderOf(module.path) === room)
      .flatMap((module) =>
        local(module)
          .filter(
            (path) =>
              ![room, 'arguments.ts', 'errors.ts', 'events.ts', ...allowed[room]!].includes(folderOf(path)),
          )
          // A reporter shows differences: the type of one is the modules'.
          .filter((path) => !(room === 'report' && path === 'modules/module.ts'))
          .map((path) => `${module.path} → ${path}`),
      )
    expect(wrong).toEqual([])
  })

  it('has no import cycle', () => {
    const graph = new Map(modules.map((module) => [module.path, valueImports(module)]))
    const cycles: string[] = []
    const done = new Set<string>()
    const visit = (path: string, chain: readonly string[]): void => {
      if (chain.includes(path)) cycles.push([...chain.slice(chain.indexOf(path)), path].join(' → '))
      else if (!done.has(path)) for (const next of graph.get(path) ?? []) visit(next, [...chain, path])
      done.add(path)
    }
    for (const path of graph.keys()) visit(path, [])
    expect(cycles).toEqual([])
  })

  it.each([
    ['ssh2', /^transport\/ssh/],
    ['yaml', /^syntax\//],
    ['ejs', /^expression\/tags\.ts$/],
    ['acorn', /^expression\//],
    ['@huggingface/jinja', /^expression\/jinja-package\.ts$/],
    ['listr2', /^report\/tty\.ts$/],
    ['p-limit', /^engine\/limits\.ts$/],
    ['esbuild', /^library\/load\.ts$/],
    ['ipaddr.js', /^expression\/helpers\/addresses\.ts$/],
    ['diff', /^report\/format\.ts$/],
  ])('%s has its own importer', (name, place) => {
    const importers = modules.filter((module) =>
      module.imports.some((path) => path === name || path.startsWith(`${name}/`)),
    )
    expect(importers.length).toBeGreaterThan(0)
    expect(importers.map((module) => module.path).filter((path) => !place.test(path))).toEqual([])
  })

  it('starts processes only for the local connection, ProxyCommand and inventory programs', () => {
    const starters = modules.filter((module) => module.imports.includes('node:child_process'))
    const paths = starters.map((module) => module.path).sort()
    expect(paths).toEqual(['inventory/program.ts', 'transport/local.ts', 'transport/proxy-command.ts'])
  })
})

/** Imports that exist at run time: `import type` makes no cycle. */
function valueImports(module: SourceModule): string[] {
  const text = readFileSync(join(runner, module.path), 'utf8')
  const statements = text.matchAll(
    /^(?:import|export)\s+(?!type\b)[^'\n]*(?:\n[^'\n]*)*?from\s+'(\.[^']+)'/gm,
  )
  return [...statements]
    .filter(
      (match) => !/^\s*(?:import|export)\s*\{\s*(?:type\s+\w+(?:\s+as\s+\w+)?\s*,?\s*)+\}/.test(match[0]),
    )
    .map((match) =>
      relative(runner, resolve(runner, dirname(module.path), match[1]!)).replace(/\.js$/, '.ts'),
    )
}
