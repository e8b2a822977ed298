import { z } from 'zod'
import { applyFile } from './files/apply.js'
import {
  checkEdit,
  checkRegExp,
  editArgs,
  editedPath,
  expandMatch,
  failMissing,
  linesOfAnswer,
  missingFile,
  placeFor,
  planEdit,
  probeEdit,
} from './files/edit.js'
import { fileFields } from './files/result.js'
import { defineModule } from './module.js'
import { bool, reveal, secretText, text } from './schema.js'

const args = z
  .strictObject({
    ...editArgs,
    line: secretText.optional().describe('The line.'),
    regexp: text
      .optional()
      .describe(
        'A JavaScript regular expression. The last line that matches is replaced; with absent, all are removed.',
      ),
    search_string: text.optional().describe('As `regexp`, but plain text that the line contains.'),
    state: z.enum(['present', 'absent']).default('present'),
    backrefs: bool.default(false).describe('`\\1` in the line is what the expression’s first group matched.'),
    firstmatch: bool.default(false).describe('The first line that matches, not the last.'),
  })
  .superRefine((value, context) => {
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    checkEdit(value, context)
    checkRegExp(value.regexp, 'regexp', context)
    if (value.state === 'present' && value.line === undefined) issue('is needed with state: present', 'line')
    if (value.line !== undefined && /[\n\r]/.test(reveal(value.line)))
      issue('must be one line; blockinfile takes more', 'line')
    if (value.regexp !== undefined && value.search_string !== undefined)
      issue('excludes regexp', 'search_string')
    if (
      value.state === 'absent' &&
      [value.line, value.regexp, value.search_string].every((v) => v === undefined)
    )
      issue('needs line, regexp or search_string', 'state')
    if (value.backrefs && value.regexp === undefined) issue('needs regexp', 'backrefs')
  })

type Args = z.output<typeof args>

/** A line of a file. */
export const lineinfile = defineModule({
  name: 'lineinfile',
  doc: {
    summary: 'Make sure that a line is in a file, or that it is not',
    examples: [
      "- name: No swap at boot\n  lineinfile: { path: /etc/fstab, regexp: '\\sswap\\s', state: absent }",
      '- name: One setting\n  lineinfile: { path: /etc/x.conf, regexp: "^limit=", line: limit=5, create: true, mode: "0644" }',
    ],
  },
  args,
  aliases: { regex: 'regexp', value: 'line', destfile: 'path' },
  readsAhead: true,
  probe: (host, args: Args) => probeEdit(host, args),
  diff(args, answer) {
    if (answer.file.kind === 'absent' && (!args.create || args.state === 'absent')) {
      if (args.state === 'absent') return undefined
      return missingFile(answer.path, `add a line to ${answer.path}`)
    }
    const before = linesOfAnswer(answer)
    const after = args.state === 'absent' ? without(args, before.lines) : withLine(args, before.lines)
    return planEdit(args, answer, before, after)
  },
  apply(host, args, change) {
    if (change.requires?.includes(`file:${change.data.kind === 'attributes' ? change.data.path : ''}`))
      return failMissing(editedPath(args))
    return applyFile(host, change.data)
  },
  result: (_args, answer) => fileFields(answer.path, answer.file),
})

type Test = (line: string) => boolean

function matcherOf(args: Args): Test | undefined {
  const { regexp, search_string } = args
  if (regexp !== undefined) {
    const pattern = new RegExp(regexp)
    return (line) => pattern.test(line)
  }
  return search_string === undefined ? undefined : (line) => line.includes(search_string)
}

function without(args: Args, lines: readonly string[]): string[] {
  const matches = matcherOf(args) ?? ((line: string) => line === reveal(args.line!))
  return lines.filter((line) => !matches(line))
}

/** Ansible's rules: the match is replaced; else an equal line suffices; else it is inserted at its place. */
function withLine(args: Args, lines: readonly string[]): readonly string[] {
  const wanted = reveal(args.line!)
  const matches = matcherOf(args)
  const at =
    matches === undefined ? -1 : args.firstmatch ? lines.findIndex(matches) : lines.findLastIndex(matches)
  if (at >= 0)
    return lines.with(
      at,
      args.backrefs ? expandMatch(wanted, new RegExp(args.regexp!).exec(lines[at]!)!) : wanted,
    )
  if (args.backrefs || lines.includes(wanted)) return lines
  const place = placeFor(args, lines, args.firstmatch)
  return place === undefined ? [...lines, wanted] : lines.toSpliced(place, 0, wanted)
}
