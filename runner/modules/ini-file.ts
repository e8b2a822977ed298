import { z } from 'zod'
import { applyFile } from './files/apply.js'
import {
  checkEdit,
  editedPath,
  failMissing,
  linesOfAnswer,
  missingFile,
  planEdit,
  probeEdit,
  textArgs,
} from './files/edit.js'
import { editIni } from './files/ini.js'
import { fileFields } from './files/result.js'
import { defineModule } from './module.js'
import { bool, name, reveal, secretText } from './schema.js'

const oneLine = secretText.refine((v) => !/[\n\r]/.test(reveal(v)), 'must be one line')

const args = z
  .strictObject({
    ...textArgs,
    section: name
      .refine((v) => !v.includes(']'), 'must have no ]')
      .optional()
      .describe('Without it: the lines before the first section.'),
    option: name
      .refine((v) => !/[=[]/.test(v), 'must have no = and no [')
      .optional()
      .describe('Without it, the section as a whole is meant.'),
    value: oneLine.optional(),
    values: z.array(oneLine).optional().describe('The same option once for each of them.'),
    exclusive: bool.default(true).describe('Other values of the option go.'),
    state: z.enum(['present', 'absent']).default('present'),
    create: bool.default(true).describe('Make the file where there is none.'),
    allow_no_value: bool.default(false).describe('An option may stand alone on its line.'),
    modify_inactive_option: bool
      .default(true)
      .describe('A commented-out line of the option is taken for it.'),
    no_extra_spaces: bool.default(false).describe('`a=b`, not `a = b`.'),
    ignore_spaces: bool.default(false).describe('A line that differs only in spaces is right.'),
  })
  .superRefine((value, context) => {
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    checkEdit(value, context)
    const given = [value.value, value.values].filter((v) => v !== undefined).length
    if (given > 1) issue('excludes value', 'values')
    if (value.option === undefined && given > 0) issue('is needed for a value', 'option')
    if (value.option === undefined && value.section === undefined) issue('give section or option', 'section')
    if (value.state === 'present' && value.option !== undefined && given === 0 && !value.allow_no_value)
      issue('is needed, or allow_no_value', 'value')
  })

type Args = z.output<typeof args>

/** Options of INI files. */
export const iniFile = defineModule({
  name: 'ini_file',
  doc: {
    summary: 'Set or remove an option, or a section, of an INI file',
    examples: [
      '- name: No persistent journal\n  ini_file: { path: /etc/systemd/journald.conf, section: Journal, option: Storage, value: volatile, no_extra_spaces: true }',
    ],
  },
  args,
  readsAhead: true,
  probe: (host, args: Args) => probeEdit(host, args),
  diff(args, answer) {
    if (answer.file.kind === 'absent' && args.state === 'absent') return undefined
    if (answer.file.kind === 'absent' && !args.create)
      return missingFile(answer.path, `set an option in ${answer.path}`)
    const before = linesOfAnswer(answer)
    const values = (args.values ?? (args.value === undefined ? [] : [args.value])).map(reveal)
    return planEdit(args, answer, before, editIni({ ...args, values }, before.lines))
  },
  apply(host, args, { data, requires }) {
    if (data.kind === 'attributes' && requires?.includes(`file:${data.path}`))
      return failMissing(editedPath(args))
    return applyFile(host, data)
  },
  result: (_args, answer) => fileFields(answer.path, answer.file),
})
