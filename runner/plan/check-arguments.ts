import { z } from 'zod'
import { didYouMean } from '../errors.js'
import type { Compiled } from '../expression/index.js'
import type { ControlModule } from '../modules/control/control.js'
import { type Problem, problemsOf } from '../modules/problems.js'
import { refusalOf } from '../modules/refused.js'
import type { MappingEntry, Node } from '../syntax/node.js'
import type { FoundModule } from './action-names.js'
import { losesDigits } from './check-specs.js'
import type { Reader } from './context.js'

/** The arguments of a module; `undefined` where any key is taken. Found once: a playbook uses few modules often. */
export function argumentNames(found: FoundModule): ReadonlySet<string> | undefined {
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

/** Reports arguments that the module has not, and those whose value is known and wrong. */
export function checkArguments(
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
