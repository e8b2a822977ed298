import { z } from 'zod'
import type { AnyModule } from './module.js'
import { refusedArguments } from './refused.js'

/** One argument, as people read of it. */
export interface ArgumentDoc {
  readonly name: string
  /** `text`, `boolean`, `integer`, `list of text`, or the words that it may be. */
  readonly type: string
  readonly required: boolean
  /** As it is written in YAML; undefined for none. */
  readonly default?: string
  readonly description: string
  /** Of a mapping that has fields of its own. */
  readonly fields?: readonly ArgumentDoc[]
}

/** The part of JSON Schema that the schemas of modules come out as. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

/** The arguments of a module: those that are conditions, then its schema's in the order in which they are declared. */
export function argumentsOf(
  module: Pick<AnyModule, 'args' | 'aliases'> & { readonly conditions?: readonly string[] },
): ArgumentDoc[] {
  const schema = z.toJSONSchema(module.args, { io: 'input', unrepresentable: 'any' }) as Schema
  const conditions = (module.conditions ?? []).map((name) => ({
    name,
    type: 'condition | list of conditions',
    required: true,
    description: 'JavaScript expressions, as in `when`.',
  }))
  return [...conditions, ...fieldsOf(schema, module.args).map((row) => withAliases(row, module.aliases))]
}

function withAliases(row: ArgumentDoc, aliases: AnyModule['aliases'] = {}): ArgumentDoc {
  const names = Object.keys(aliases).filter((alias) => aliases[alias] === row.name)
  if (names.length === 0) return row
  const also = `Also called ${names.map((alias) => `\`${alias}\``).join(', ')}.`
  return { ...row, description: row.description === '' ? also : `${row.description} ${also}` }
}

function fieldsOf({ properties = {}, required = [] }: Schema, type: unknown): ArgumentDoc[] {
  return Object.entries(properties).map(([name, property]) => {
    const declared = shapeOf(type)?.[name]
    const fields = flatten(property).flatMap((part) => fieldsOf(part, declared))
    return {
      name,
      type: typeOf(property),
      required: required.includes(name),
      ...defaultOf(declared),
      description: property.description ?? '',
      ...(fields.length === 0 ? {} : { fields }),
    }
  })
}

/** Arguments and their fields, those by `argument.field`. */
const withFields = (rows: readonly ArgumentDoc[], prefix = ''): ArgumentDoc[] =>
  rows.flatMap((row) => [
    { ...row, name: `${prefix}${row.name}` },
    ...withFields(row.fields ?? [], `${prefix}${row.name}.`),
  ])

/** What a schema holds of itself, as far as defaults are read from it: a default that is transformed is left out of the JSON Schema. */
interface Declared {
  readonly shape?: Readonly<Record<string, unknown>>
  readonly _zod: {
    readonly def: { readonly type: string; readonly defaultValue?: unknown; readonly innerType?: Declared }
  }
}

const shapeOf = (type: unknown): Declared['shape'] => {
  const declared = type as Declared | undefined
  return declared?.shape ?? (declared?._zod.def.innerType && shapeOf(declared._zod.def.innerType))
}

function defaultOf(type: unknown): Pick<ArgumentDoc, 'default'> {
  const def = (type as Declared | undefined)?._zod.def
  if (def?.type !== 'default') return {}
  const written = JSON.stringify(def.defaultValue)
  return written === undefined || ['""', '{}', '[]'].includes(written) ? {} : { default: written }
}

/** Numbers that may be written as text are numbers; words that are taken for booleans are booleans. */
function typeOf(schema: Schema): string {
  const parts = flatten(schema)
  const words = parts.flatMap((part) =>
    (part.enum ?? (part.const === undefined ? [] : [part.const])).map(String),
  )
  const kinds = new Set(
    parts.filter((part) => !part.enum && part.const === undefined).flatMap((part) => part.type),
  )
  const list = parts.find((part) => part.type === 'array')
  if (list) return `list of ${list.items ? typeOf(list.items) : 'anything'}`
  const names = [...words]
  if (kinds.has('boolean')) names.push('boolean')
  else if (kinds.has('string')) names.push(numberType(parts) ?? 'text')
  else if (kinds.has('integer')) names.push('integer')
  else if (kinds.has('number')) names.push('number')
  if (kinds.has('object')) names.push('mapping')
  return names.join(' | ') || 'anything'
}

/** Text that must look like a number stands for one. */
function numberType(parts: readonly Schema[]): string | undefined {
  const digits = parts.every(
    (part) => ![part.type].flat().includes('string') || part.pattern?.match(/^\^-?\??\\d/),
  )
  if (!digits) return undefined
  return parts.some((part) => part.type === 'integer') ? 'integer' : 'number'
}

const flatten = (schema: Schema): readonly Schema[] => schema.anyOf?.flatMap(flatten) ?? [schema]

/** The page of a module for the terminal. */
export function docText(module: AnyModule, width = 80): string {
  const { name, doc } = module
  const rows = withFields(argumentsOf(module)).map((row) => {
    const notes = [
      row.type,
      ...(row.required ? ['required'] : []),
      ...(row.default ? [`default ${row.default}`] : []),
    ]
    return [
      `  ${row.name}  (${notes.join(', ')})`,
      ...wrap(row.description, width - 6).map((line) => `      ${line}`),
    ]
  })
  const refused = Object.entries(refusedArguments[name] ?? {}).map(([argument, reason]) => [
    `  ${argument}`,
    ...wrap(reason, width - 6).map((line) => `      ${line}`),
  ])
  const free = module.freeForm ? [`\`${name}: text\` sets ${module.freeForm}.`, ''] : []
  return `${[
    `${name}: ${doc.summary}`,
    '',
    ...(doc.description ? [...wrap(doc.description, width), ''] : []),
    ...free,
    ...(rows.length > 0 ? ['arguments:', ...rows.flat(), ''] : ['It takes no arguments.', '']),
    ...(refused.length > 0 ? ['not taken, unlike in Ansible:', ...refused.flat(), ''] : []),
    'examples:',
    ...doc.examples.flatMap((example) => [
      '',
      ...example
        .trimEnd()
        .split('\n')
        .map((line) => `  ${line}`),
    ]),
  ].join('\n')}\n`
}

function wrap(body: string, width: number): string[] {
  const lines: string[] = []
  for (const word of body.split(/\s+/).filter((part) => part !== '')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** What Ansible's module takes and this one does not; arguments with one reason together. */
function refusedParts(module: string): string[] {
  const byReason = new Map<string, string[]>()
  for (const [argument, reason] of Object.entries(refusedArguments[module] ?? {}))
    byReason.set(reason, [...(byReason.get(reason) ?? []), `\`${argument}\``])
  if (byReason.size === 0) return []
  const rows = [...byReason].map(([reason, names]) => `- ${names.join(', ')}: ${reason}`)
  return [`Not taken, unlike in Ansible:\n\n${rows.join('\n')}`]
}

/** The same in Markdown, under a heading. */
export function docMarkdown(module: AnyModule, aliases: readonly string[] = []): string {
  const { name, doc } = module
  const cell = (value: string) => value.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const rows = withFields(argumentsOf(module)).map((row) => {
    const fallback = row.required ? 'required' : row.default ? `\`${row.default}\`` : ''
    return `| \`${row.name}\` | ${cell(row.type)} | ${cell(fallback)} | ${cell(row.description)} |`
  })
  const table = ['| argument | type | default | |', '|---|---|---|---|', ...rows]
  const also = aliases.length > 0 ? `Also called ${aliases.map((alias) => `\`${alias}\``).join(', ')}.` : ''
  const free = module.freeForm ? `\`${name}: text\` sets \`${module.freeForm}\`.` : ''
  const parts = [
    `## ${name}`,
    `${doc.summary}.`,
    ...[doc.description ?? '', also, free].filter((part) => part !== ''),
    rows.length > 0 ? table.join('\n') : 'It takes no arguments.',
    ...refusedParts(name),
    ...doc.examples.map((example) => `\`\`\`yaml\n${example.trimEnd()}\n\`\`\``),
  ]
  return `${parts.join('\n\n')}\n`
}
