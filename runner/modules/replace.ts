import { z } from 'zod'
import { applyFile } from './files/apply.js'
import {
  checkEdit,
  checkRegExp,
  editedPath,
  expandMatch,
  failMissing,
  missingFile,
  planText,
  probeEdit,
  textArgs,
  textOfAnswer,
} from './files/edit.js'
import { fileFields } from './files/result.js'
import { defineModule } from './module.js'
import { reveal, secretText, text } from './schema.js'

const args = z
  .strictObject({
    ...textArgs,
    regexp: text.describe('A JavaScript regular expression; `^` and `$` stand at every line’s ends.'),
    replace: secretText
      .default('')
      .describe('What every match becomes; `\\1` and `\\g<name>` are its groups. Without it, matches go.'),
    after: text.optional().describe('Only behind the first match of this expression; `.` matches newlines.'),
    before: text.optional().describe('Only before the first match of this expression; `.` matches newlines.'),
  })
  .superRefine((value, context) => {
    checkEdit(value, context)
    for (const key of ['regexp', 'after', 'before'] as const) checkRegExp(value[key], key, context)
  })

type Args = z.output<typeof args>

/** Every match in a file. */
export const replace = defineModule({
  name: 'replace',
  doc: {
    summary: 'Replace every match of a regular expression in a file',
    description:
      'A second run changes nothing only where what it writes no longer matches, or matches as itself.',
    examples: [
      "- name: No swap at boot\n  replace: { path: /etc/fstab, regexp: '^([^#].*\\sswap\\s.*)$', replace: '# \\1' }",
    ],
  },
  args,
  aliases: { destfile: 'path' },
  readsAhead: true,
  probe: (host, args: Args) => probeEdit(host, args),
  diff(args, answer) {
    if (answer.file.kind === 'absent') return missingFile(answer.path, `replace in ${answer.path}`)
    const body = textOfAnswer(answer)
    const [from, to] = section(args, body)
    return planText(args, answer, body.slice(0, from) + replaced(args, body.slice(from, to)) + body.slice(to))
  },
  apply(host, args, { data, requires }) {
    if (requires?.length && data.kind === 'attributes') return failMissing(editedPath(args))
    return applyFile(host, data)
  },
  result: (_args, answer) => fileFields(answer.path, answer.file),
})

function replaced(args: Args, body: string): string {
  const wanted = reveal(args.replace)
  return body.replace(new RegExp(args.regexp, 'gm'), (...found: unknown[]) => {
    const groups = typeof found.at(-1) === 'object' ? (found.at(-1) as Record<string, string>) : undefined
    const match = found.slice(
      0,
      found.findIndex((part) => typeof part === 'number'),
    )
    return expandMatch(wanted, Object.assign(match as RegExpMatchArray, { groups }), true)
  })
}

/** The part of the text between `after` and `before`; an empty one where they do not match. */
function section({ after, before }: Args, body: string): [number, number] {
  const start = after === undefined ? { end: 0 } : place(after, body, 0)
  if (!start) return [0, 0]
  if (before === undefined) return [start.end, body.length]
  // Without `after`, Ansible takes the longest part: up to the last match.
  const stop = after === undefined ? lastPlace(before, body) : place(before, body, start.end)?.start
  return stop === undefined ? [0, 0] : [start.end, stop]
}

function place(source: string, body: string, from: number): { start: number; end: number } | undefined {
  const pattern = new RegExp(source, 'gs')
  pattern.lastIndex = from
  const match = pattern.exec(body)
  return match ? { start: match.index, end: match.index + match[0].length } : undefined
}

const lastPlace = (source: string, body: string): number | undefined =>
  [...body.matchAll(new RegExp(source, 'gs'))].at(-1)?.index
