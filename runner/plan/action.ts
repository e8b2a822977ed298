import { type Compiled, constant, namesOf, omit } from '../expression/index.js'
import type { AnyModule } from '../modules/module.js'
import type { MappingEntry, MappingNode } from '../syntax/node.js'
import { entryOf } from '../syntax/read.js'
import type { FoundModule } from './action-names.js'
import { argumentNames, checkArguments } from './check-arguments.js'
import { type Reader, readConditions, readExpression, readValue } from './context.js'
import { argumentWords, freeFormArguments } from './free-form.js'
import type { Action, ModuleDefaults } from './plan.js'

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
