import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Report } from '../errors.js'
import { constant } from '../expression/index.js'
import type { Files } from '../syntax/files.js'
import type { Variable } from '../vars/layers.js'
import { foreignVariableProblem } from '../vars/variables.js'
import { addChild, addHost, type Draft, groupOf } from './builder.js'
import { groupNameProblem, readPriority } from './group-names.js'
import { nameProblem } from './host-key.js'

/** How long an inventory program may take for one answer, in milliseconds. */
const timeoutMs = 60_000
/** The longest answer, in bytes. */
const maxBytes = 50 * 1024 * 1024

type Json = Readonly<Record<string, unknown>>

interface Program {
  readonly path: string
  readonly draft: Draft
  readonly report: Report
  readonly hosts: Set<string>
}

/** Is the file executable, and no text that merely has the permission? An interpreter's line or ELF says so. */
export function isProgram(path: string, files: Files): boolean {
  if (!files.isExecutable?.(path)) return false
  const start = Buffer.alloc(4)
  const descriptor = openSync(path, 'r')
  try {
    readSync(descriptor, start, 0, 4, 0)
  } finally {
    closeSync(descriptor)
  }
  return start.toString('latin1').startsWith('#!') || start.toString('latin1') === '\x7fELF'
}

/**
 * Run an inventory program with `--list`, and with `--host` for each host unless `_meta` is in the answer (Ansible's
 * contract). It runs without a shell, without input and for a bounded time. What it says is data: a value with
 * `{{ … }}` or `<%= %>` is taken literally.
 */
export function readProgram(path: string, draft: Draft, report: Report): void {
  const program: Program = { path, draft, report, hosts: new Set() }
  const answer = ask(program, ['--list'])
  if (!answer) return
  const { _meta: meta, ...groups } = answer
  for (const [name, body] of Object.entries(groups)) readGroup(name, body, program)
  const known = isObject(meta) && isObject(meta.hostvars) ? meta.hostvars : undefined
  for (const host of program.hosts) {
    const own = known ? (Object.hasOwn(known, host) ? known[host] : {}) : ask(program, ['--host', host])
    if (own === undefined) return
    if (isObject(own)) setHost(host, own, program)
    else fail(program, `the variables of ${host} must be an object`)
  }
}

function ask(program: Program, args: readonly string[]): Json | undefined {
  const shown = `${program.path} ${args.join(' ')}`
  const { error, status, signal, stdout, stderr } = spawnSync(resolve(program.path), args, {
    encoding: 'utf8',
    shell: false,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: maxBytes,
  })
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (code === 'ETIMEDOUT') return fail(program, `${shown} gave no answer within ${timeoutMs / 1000} s`)
  if (code === 'ENOBUFS') return fail(program, `${shown} said more than 50 MB`)
  if (error) return fail(program, `${shown} cannot be run: ${error.message}`)
  if (status !== 0)
    return fail(
      program,
      `${shown} ended with ${status ?? signal}`,
      stderr.trim().split('\n').slice(-3).join('\n'),
    )
  if (stdout.trim() === '' && args[0] === '--host') return {}
  try {
    const value: unknown = JSON.parse(stdout)
    if (isObject(value)) return value
    return fail(program, `${shown} must answer with an object`)
  } catch (problem) {
    return fail(program, `${shown} did not answer with JSON: ${(problem as Error).message}`)
  }
}

function fail({ report }: Program, message: string, hint?: string): undefined {
  report({ code: 'inventory', message, hint: hint === '' ? undefined : hint })
}

/** A list is the group's hosts; an object without `hosts`, `vars` and `children` is one host's variables. */
function readGroup(name: string, body: unknown, program: Program): undefined {
  const problem = groupNameProblem(name)
  if (problem) return fail(program, `${program.path}: ${problem}`)
  groupOf(program.draft, name)
  const parts = Array.isArray(body) ? { hosts: body } : isObject(body) ? body : undefined
  if (!parts) return fail(program, `${program.path}: the group ${name} must be an object or a list`)
  const isBare = !['hosts', 'vars', 'children'].some((part) => Object.hasOwn(parts, part))
  const { hosts, vars, children } = isBare ? { hosts: [name], vars: parts, children: undefined } : parts
  for (const host of strings(hosts, `hosts of ${name}`, program)) {
    const wrong = nameProblem(host)
    if (wrong) fail(program, `${program.path}: ${wrong}`)
    else {
      addHost(program.draft, name, host)
      program.hosts.add(host)
    }
  }
  for (const child of strings(children, `children of ${name}`, program)) {
    const wrong = groupNameProblem(child)
    if (wrong) fail(program, `${program.path}: ${wrong}`)
    else addChild(program.draft, name, child)
  }
  if (isObject(vars)) setGroup(name, vars, program)
  else if (vars !== undefined) fail(program, `${program.path}: vars of ${name} must be an object`)
  return undefined
}

function strings(value: unknown, what: string, program: Program): readonly string[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  fail(program, `${program.path}: ${what} must be a list of names`)
  return []
}

function setGroup(name: string, values: Json, program: Program): void {
  const group = groupOf(program.draft, name)
  const { ansible_group_priority: priority, ...others } = values
  if (priority !== undefined)
    group.priority = readPriority(priority, undefined, program.report) ?? group.priority
  setVariables(group.vars, others, name, 'inventory-group-vars', program)
}

function setHost(name: string, values: Json, program: Program): void {
  const host = program.draft.hosts.get(name)
  if (host) setVariables(host.vars, values, name, 'inventory-host-vars', program)
}

function setVariables(
  vars: Map<string, Variable>,
  values: Json,
  owner: string,
  layer: Variable['origin']['layer'],
  program: Program,
): void {
  for (const [name, value] of Object.entries(values)) {
    const problem = foreignVariableProblem(name)
    if (problem)
      fail(program, `${program.path}: no variable of ${owner} can be named ${JSON.stringify(name)}`, problem)
    else vars.set(name, { value: constant(value), origin: { layer, note: `${owner}, from ${program.path}` } })
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
