import { z } from 'zod'
import { typedValue } from '../../vars/typed.js'
import { ModuleFailure } from '../module.js'
import { defineControl } from './control.js'

/** One option of a role's argument spec, with Ansible's meaning (`default` only documents). */
export interface ArgumentOption {
  readonly type?: string
  readonly required?: boolean
  readonly choices?: readonly unknown[]
  readonly elements?: string
  readonly description?: string | readonly string[]
  readonly default?: unknown
  readonly no_log?: boolean
  readonly options?: Readonly<Record<string, ArgumentOption>>
}

const optionSchema = z.custom<ArgumentOption>((value) => typeof value === 'object' && value !== null)

export const validateArgumentSpecModule = defineControl({
  name: 'validate_argument_spec',
  doc: {
    summary: "Check a role's variables against its argument spec; inserted before each role that has one",
    examples: ['- validate_argument_spec: { argument_spec: { k3s_version: { type: str, required: true } } }'],
  },
  args: z.strictObject({
    argument_spec: z.record(z.string(), optionSchema).describe('Options by name'),
    provided_arguments: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Values to check instead of the variables of those names'),
  }),
  run(args, control) {
    const problems = Object.entries(args.argument_spec).flatMap(([name, option]) => {
      const value = args.provided_arguments
        ? args.provided_arguments[name]
        : control.scope.lookup(name)?.value
      return checkOption(name, option, typedValue(value, option))
    })
    if (problems.length === 0) return { fields: { msg: 'The arg spec validation passed' } }
    throw new ModuleFailure(problems.join('; '), { argument_errors: problems })
  },
})

/** What is wrong with a value, in words; pure. */
export function checkOption(path: string, option: ArgumentOption, value: unknown): string[] {
  if (value === undefined || value === null)
    return option.required ? [`variable '${path}' is required and nothing defines it`] : []
  // Of a list, each element is one of the choices, as in Ansible.
  const wrong = [value].flat().find((each) => option.choices?.includes(each) === false)
  if (wrong !== undefined)
    return [`variable '${path}' must be one of ${option.choices!.join(', ')}, not ${JSON.stringify(wrong)}`]
  const type = option.type ?? 'str'
  if (!isOfType(type, value)) return [`variable '${path}' must be of type ${type}, not ${typeName(value)}`]
  if (Array.isArray(value))
    return value.flatMap((item, i) => checkOption(`${path}[${i}]`, elementOption(option), item))
  if (type === 'dict' && option.options)
    return Object.entries(option.options).flatMap(([name, inner]) =>
      checkOption(`${path}.${name}`, inner, (value as Record<string, unknown>)[name]),
    )
  return []
}

function elementOption(option: ArgumentOption): ArgumentOption {
  return { type: option.elements ?? 'raw', ...(option.options && { options: option.options }) }
}

const isNumeral = (value: unknown, rule: RegExp): boolean =>
  typeof value === 'number' || (typeof value === 'string' && rule.test(value))

const typeRules: Readonly<Record<string, (value: unknown) => boolean>> = {
  str: (value) => ['string', 'number', 'boolean'].includes(typeof value),
  path: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  int: (value) => isNumeral(value, /^-?\d+$/) && Number.isInteger(Number(value)),
  float: (value) => isNumeral(value, /^-?\d+(\.\d+)?$/),
  list: (value) => Array.isArray(value),
  dict: (value) => typeof value === 'object' && !Array.isArray(value),
  // Text, or what could be written as JSON (Ansible's rule for both words).
  json: (value) => typeof value === 'string' || typeof value === 'object',
  jsonarg: (value) => typeof value === 'string' || typeof value === 'object',
  // An amount: 10, 1.5G, 10MB or 2 megabytes; of bits 10Mb.
  bytes: (value) => isNumeral(value, /^\s*\d*\.?\d+\s*(?:[YZEPTGMKyzeptgmk]?B?|[A-Za-z]*bytes?)\s*$/),
  bits: (value) => isNumeral(value, /^\s*\d*\.?\d+\s*(?:[YZEPTGMKyzeptgmk]?b?|[A-Za-z]*bits?)\s*$/),
  raw: () => true,
}

/** What `type` and `elements` may say. */
export const argumentTypes: readonly string[] = Object.keys(typeRules)

function isOfType(type: string, value: unknown): boolean {
  const rule = typeRules[type]
  if (!rule) throw new ModuleFailure(`the argument spec names an unknown type '${type}'`)
  return rule(value)
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'list'
  return typeof value === 'object' ? 'dict' : typeof value
}
