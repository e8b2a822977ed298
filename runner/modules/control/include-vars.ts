import { z } from 'zod'
import { bool, int, textList } from '../schema.js'
import { defineControl } from './control.js'

const expression = z.string().refine(isExpression, 'is no regular expression')

function isExpression(text: string): boolean {
  try {
    return new RegExp(text) !== undefined
  } catch {
    return false
  }
}

const args = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .optional()
      .describe('A file: in vars/ of the role or the playbook, or beside them.'),
    dir: z.string().min(1).optional().describe('A folder of files, searched in the same places.'),
    name: z
      .string()
      .regex(/^[A-Za-z_$][\w$]*$/, 'must be the name of a variable')
      .optional()
      .describe('Put all of them into one variable of this name.'),
    depth: int.default(0).describe('How many folders deep `dir` is read; 0: all.'),
    files_matching: expression.optional().describe('Only files of `dir` whose name matches.'),
    ignore_files: z
      .union([expression.transform((one) => [one]), z.array(expression)])
      .default([])
      .describe('Regular expressions: files of `dir` whose name ends so are passed over.'),
    extensions: textList.default(['json', 'yaml', 'yml']).describe('Endings of the files of `dir`.'),
    ignore_unknown_extensions: bool.default(false).describe('Pass over files of `dir` with other endings.'),
    hash_behaviour: z
      .enum(['replace'], { error: "must be 'replace': mappings are not merged" })
      .optional()
      .describe('Accepted for the sake of existing playbooks: a later file replaces whole values.'),
  })
  .refine(
    (value) => (value.file === undefined) !== (value.dir === undefined),
    'give file, or dir: one of the two',
  )

export type IncludeVarsArgs = z.output<typeof args>

export const includeVarsModule = defineControl({
  name: 'include_vars',
  doc: {
    summary: 'Set variables of this host from files of the controller, to the end of the run',
    description:
      'Their values may be templates. Where the file is known before the run, it is read and checked before it.',
    examples: [
      '- include_vars: <%= facts.os.family %>.yaml',
      '- include_vars: { dir: sites, files_matching: "^berlin", name: site }',
    ],
  },
  args,
  freeForm: 'file',
  run(args, control) {
    const ansible_included_var_files = control.includeVariables(args)
    return { fields: { ansible_included_var_files } }
  },
})
