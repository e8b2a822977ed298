import { z } from 'zod'
import { didYouMean } from '../errors.js'
import { type Compiled, constant, namesOf, omit } from '../expression/index.js'
import type { ControlModule } from '../modules/control/control.js'
import { controlModules } from '../modules/control/index.js'
import type { AnyModule } from '../modules/module.js'
import { type Problem, problemsOf } from '../modules/problems.js'
import { refusalOf } from '../modules/refused.js'
import { customModules, findModule, modules } from '../modules/registry.js'
import type { MappingEntry, MappingNode, Node } from '../syntax/node.js'
import { entryOf } from '../syntax/read.js'
import { losesDigits } from './check-specs.js'
import { type Reader, readConditions, readExpression, readValue } from './context.js'
import { directiveDocs } from './directives.js'
import { argumentWords, freeFormArguments } from './free-form.js'
import type { Action, ModuleDefaults } from './plan.js'

/** Words that stand in a module's place and that the planner itself understands. */
export const directives: ReadonlySet<string> = new Set(
  directiveDocs.map(({ name }) => name).filter((name) => name !== 'import_playbook'),
)

const prefixes = ['ansible.builtin.', 'ansible.legacy.', 'community.general.', 'ansible.posix.']

/** `ansible.builtin.copy` means `copy`: names as collections write them are aliases. */
export function plainName(key: string): string {
  if (!key.includes('.')) return key
  const prefix = prefixes.find((candidate) => key.startsWith(candidate))
  return prefix ? key.slice(prefix.length) : key
}

export type FoundModule =
  | { readonly kind: 'module'; readonly module: AnyModule }
  | { readonly kind: 'control'; readonly module: ControlModule }

const byKey = new Map<string, FoundModule | undefined>()

export function lookUpModule(key: string): FoundModule | undefined {
  if (!byKey.has(key)) byKey.set(key, findByName(plainName(key)))
  // A module of a library/ folder is that of one run: it is not kept.
  const custom = customModules().get(key)
  return byKey.get(key) ?? (custom && { kind: 'module', module: custom })
}

function findByName(name: string): FoundModule | undefined {
  const control = controlModules.find((module) => module.name === name)
  if (control) return { kind: 'control', module: control }
  const module = findModule(name)
  return module && { kind: 'module', module }
}

/** What may stand where a module's name is expected, for "did you mean". */
export const actionNames = {
  has: (key: string) => directives.has(plainName(key)) || lookUpModule(key) !== undefined,
  get names() {
    return [
      ...directives,
      ...controlModules.map((module) => module.name),
      ...Object.keys(modules),
      ...customModules().keys(),
    ]
  },
}

/** The module of a task with its arguments, checked against the module's schema as far as they are known. */
export function readAction(
  found: FoundModule,
  entry: MappingEntry,
  task: MappingNode,
  defaults: ModuleDefaults,
  reader: Reader,
): Action | undefined {
  const given = plainArguments(found, gatherArguments(found, entry, task, reader), reader)
  const others = plainArguments(found, defaults.get(found.module.name), reader) ?? []
  const args = given && besides(given, others)
  if (!args) return undefined
  const control = found.kind === 'control' ? found.module : undefined
  const conditions: Record<string, readonly Compiled[]> = {}
  const values: [string, Compiled][] = []
  for (const { key, value } of args) {
    if (control?.conditions?.includes(key)) conditions[key] = readConditions(value, reader)
    else if (control?.expressions?.includes(key)) {
      const compiled = readExpression(value, reader)
      if (compiled) values.push([key, compiled])
    } else values.push([key, readValue(value, reader)])
  }
  for (const name of control?.conditions ?? [])
    if (!args.some(({ key }) => key === name))
      reader.report({
        code: 'bad-argument',
        message: `'${control?.name}' needs the argument '${name}'`,
        span: entry.keySpan,
      })
  checkArguments(found, entry, args, values, reader)
  const compiled = combine(values, entry)
  const argumentNames = args.map((arg) => arg.key)
  const parts = values.map(([, value]) => value)
  return found.kind === 'control'
    ? { kind: 'control', module: found.module, args: compiled, argumentNames, parts, conditions }
    : { kind: 'module', module: found.module, args: compiled, argumentNames, parts }
}

/** The arguments of `module: {…}` or `module: text` (free form), and those of `args: {…}` that are not among them. */
function gatherArguments(
  found: FoundModule,
  entry: MappingEntry,
  task: MappingNode,
  reader: Reader,
): MappingEntry[] | undefined {
  const extra = entryOf(task, 'args')?.value
  if (extra && extra.kind !== 'mapping')
    reader.report({ code: 'structure', message: "'args' must be a mapping", span: extra.span })
  const own = ownArguments(found, entry, reader)
  return own && besides(own, extra?.kind === 'mapping' ? extra.entries : [])
}

/** Arguments, and more of them that they do not name. */
function besides(own: readonly MappingEntry[], more: readonly MappingEntry[]): MappingEntry[] {
  return [...own, ...more.filter(({ key }) => !own.some((each) => each.key === key))]
}

function ownArguments(
  found: FoundModule,
  { value, keySpan }: MappingEntry,
  reader: Reader,
): readonly MappingEntry[] | undefined {
  if (value.kind === 'mapping') return value.entries
  if (value.kind === 'scalar' && value.value === null) return []
  const { freeForm } = found.module
  const words = !freeForm && value.kind === 'scalar' ? argumentWords(value) : undefined
  if (words) return words
  if (freeForm === 'cmd' && value.kind === 'scalar') return freeFormArguments(freeForm, value)
  if (freeForm) return [{ key: freeForm, keySpan, value }]
  reader.report({
    code: 'bad-argument',
    message: `the arguments of '${found.module.name}' must be a mapping`,
    span: value.span,
    hint: `write ${found.module.name}: { ${[...(argumentNames(found) ?? [])].slice(0, 2).join(': …, ')}: … }`,
  })
  return undefined
}

function plainArguments(
  { module }: FoundModule,
  args: readonly MappingEntry[] | undefined,
  reader: Reader,
): readonly MappingEntry[] | undefined {
  const aliases: AnyModule['aliases'] = 'aliases' in module ? module.aliases : undefined
  if (!args || !aliases) return args
  const nameOf = (key: string) => (Object.hasOwn(aliases, key) ? aliases[key]! : key)
  return args.flatMap((arg, at) => {
    const name = nameOf(arg.key)
    const first = args.find(({ key }) => nameOf(key) === name)!
    if (first === arg || first.key === arg.key) return [name === arg.key ? arg : { ...arg, key: name }]
    reader.report({
      code: 'bad-argument',
      message: `'${arg.key}' is another name of '${first.key}': give one of them`,
      span: args[at]!.keySpan,
    })
    return []
  })
}

/** The arguments of a module; `undefined` where any key is taken. Found once: a playbook uses few modules often. */
function argumentNames(found: FoundModule): ReadonlySet<string> | undefined {
  const { module } = found
  if (namesByModule.has(module)) return namesByModule.get(module)
  const shape = shapeOf(module.args)
  const special = found.kind === 'control' ? specialArguments(found.module) : []
  const names = shape && new Set([...Object.keys(shape), ...special])
  namesByModule.set(module, names)
  return names
}

const namesByModule = new WeakMap<FoundModule['module'], ReadonlySet<string> | undefined>()

function specialArguments(module: ControlModule): string[] {
  return [...(module.conditions ?? []), ...(module.expressions ?? [])]
}

/** The fields of an object schema, through refinements and transforms; undefined where any key is taken. */
function shapeOf(schema: z.ZodType): Record<string, z.ZodType> | undefined {
  if (schema instanceof z.ZodObject)
    return schema.def.catchall instanceof z.ZodNever ? (schema.shape as Record<string, z.ZodType>) : undefined
  if (schema instanceof z.ZodPipe) return shapeOf(schema.def.in as z.ZodType)
  return undefined
}

function checkArguments(
  found: FoundModule,
  entry: MappingEntry,
  args: readonly MappingEntry[],
  values: readonly [string, Compiled][],
  reader: Reader,
): void {
  const known = argumentNames(found)
  let unknown = false
  for (const { key, keySpan } of args) {
    if (!known || known.has(key)) continue
    unknown = true
    reader.report({
      code: 'unknown-argument',
      span: keySpan,
      ...unknownArgument(found.module.name, key, known),
    })
  }
  if (!unknown) checkConstants(found, entry, args, values, reader)
}

function unknownArgument(module: string, key: string, known: ReadonlySet<string>) {
  const reason = refusalOf(module, key)
  if (reason !== undefined) return { message: `'${module}' does not take '${key}'`, hint: reason }
  const guess = didYouMean(key, known)
  const hint = guess ? `did you mean '${guess}'?` : `its arguments are: ${[...known].join(', ')}`
  return { message: `'${module}' has no argument '${key}'`, hint }
}

/** Validates what is known before the run: constants by their value, the rest by being there. */
function checkConstants(
  found: FoundModule,
  entry: MappingEntry,
  args: readonly MappingEntry[],
  values: readonly [string, Compiled][],
  reader: Reader,
): void {
  const dynamic = new Set<string>()
  for (const [name, value] of values) if (!value.constant) dynamic.add(name)
  const constants = values.filter(([name]) => !dynamic.has(name))
  const verdict = judge(
    found.module.args,
    Object.fromEntries(constants.map(([key, value]) => [key, value.constant?.value])),
  )
  if (!verdict.issues) {
    checkDigits(found, args, verdict.data, reader)
    return
  }
  for (const issue of verdict.issues) {
    const name = String(issue.path[0] ?? '')
    if (dynamic.has(name) || (name === '' && dynamic.size > 0)) continue
    const at: Node | undefined = args.find((arg) => arg.key === name)?.value
    reader.report({
      code: 'bad-argument',
      message: at
        ? `argument '${issue.path.join('.')}' of '${found.module.name}': ${issue.message}`
        : name
          ? `'${found.module.name}' needs the argument '${name}'`
          : `'${found.module.name}': ${issue.message}`,
      span: at?.span ?? entry.keySpan,
    })
  }
}

/** What a schema says of arguments: what it makes of them, or what is wrong with them. */
interface Verdict {
  readonly data?: unknown
  readonly issues?: readonly Problem[]
}

const verdicts = new WeakMap<z.ZodType, Map<string, Verdict>>()

/** Verdicts that are remembered of a module: where more tasks than that differ, all of them do. */
const mostVerdicts = 200

/** Arguments that are alike, as most are but for what templates in them make, are validated once. */
function judge(schema: z.ZodType, args: Readonly<Record<string, unknown>>): Verdict {
  const known = verdicts.get(schema) ?? new Map<string, Verdict>()
  verdicts.set(schema, known)
  // JSON makes null of what is no number; and what is long is not repeated.
  const key = Object.values(args).some(Number.isNaN) ? '' : JSON.stringify(args)
  const verdict = known.get(key) ?? validate(schema, args)
  if (key !== '' && key.length < 500 && known.size < mostVerdicts) known.set(key, verdict)
  return verdict
}

function validate(schema: z.ZodType, args: unknown): Verdict {
  const parsed = schema.safeParse(args)
  return parsed.success ? { data: parsed.data } : { issues: problemsOf(parsed.error) }
}

/** Text that YAML has made a number of, and that lost digits on the way. */
function checkDigits(
  found: FoundModule,
  args: readonly MappingEntry[],
  parsed: unknown,
  { report }: Reader,
): void {
  for (const { key, value } of args) {
    if (value.kind !== 'scalar' || !losesDigits(value.value, value.raw)) continue
    if (typeof (parsed as Record<string, unknown>)[key] !== 'string') continue
    report({
      code: 'bad-argument',
      message: `argument '${key}' of '${found.module.name}' is text, and YAML reads ${value.raw} as the number ${value.value}`,
      span: value.span,
      hint: `quote it: "${value.raw}"`,
    })
  }
}

function combine(values: readonly [string, Compiled][], entry: MappingEntry): Compiled {
  const allConstant = values.every(([, value]) => value.constant)
  if (allConstant)
    return constant(
      Object.fromEntries(values.map(([key, value]) => [key, value.constant!.value])),
      entry.keySpan,
    )
  return {
    names: namesOf(values.map(([, value]) => value)),
    span: entry.keySpan,
    evaluate: (scope) =>
      Object.fromEntries(
        values.map(([key, value]) => [key, value.evaluate(scope)]).filter(([, value]) => value !== omit),
      ),
  }
}
