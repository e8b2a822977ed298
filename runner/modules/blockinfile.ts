import { z } from 'zod'
import { applyFile } from './files/apply.js'
import {
  checkEdit,
  editArgs,
  editedPath,
  failMissing,
  linesOfAnswer,
  missingFile,
  placeFor,
  planEdit,
  probeEdit,
} from './files/edit.js'
import { fileFields } from './files/result.js'
import { defineModule } from './module.js'
import { name, reveal, secretText } from './schema.js'

const args = z
  .strictObject({
    ...editArgs,
    block: secretText.default('').describe('The lines. Without any, the block is removed.'),
    marker: name
      .refine((v) => v.includes('{mark}'), 'must contain {mark}')
      .default('# {mark} ANSIBLE MANAGED BLOCK')
      .describe('The lines around the block; `{mark}` is BEGIN and END.'),
    marker_begin: name.default('BEGIN'),
    marker_end: name.default('END'),
    state: z.enum(['present', 'absent']).default('present'),
  })
  .superRefine(checkEdit)

type Args = z.output<typeof args>

/** Lines of a file between two markers. */
export const blockinfile = defineModule({
  name: 'blockinfile',
  doc: {
    summary: 'Keep a block of lines in a file, between two marker lines',
    description: 'The default marker is Ansible’s, so that a block it wrote is found again.',
    examples: [
      '- name: Names of the nodes\n  blockinfile:\n    path: /etc/hosts\n    marker: "# {mark} tsplay nodes"\n    block: |\n      10.0.0.11 node1\n      10.0.0.12 node2',
    ],
  },
  args,
  aliases: { content: 'block', destfile: 'path' },
  readsAhead: true,
  probe: (host, args: Args) => probeEdit(host, args),
  diff(args, answer) {
    const wanted = blockOf(args)
    if (answer.file.kind === 'absent' && wanted.length === 0) return undefined
    if (answer.file.kind === 'absent' && !args.create)
      return missingFile(answer.path, `add a block to ${answer.path}`)
    const before = linesOfAnswer(answer)
    return planEdit(args, answer, before, withBlock(args, before.lines, wanted))
  },
  apply(host, args, change) {
    if (change.requires?.includes(`file:${change.data.kind === 'attributes' ? change.data.path : ''}`))
      return failMissing(editedPath(args))
    return applyFile(host, change.data)
  },
  result: (_args, answer) => fileFields(answer.path, answer.file),
})

const markers = ({ marker, marker_begin, marker_end }: Args) => ({
  begin: marker.replaceAll('{mark}', marker_begin),
  end: marker.replaceAll('{mark}', marker_end),
})

/** The lines with their markers; none where the block shall not be there. */
function blockOf(args: Args): string[] {
  const block = reveal(args.block).replace(/\n$/, '')
  if (args.state === 'absent' || block === '') return []
  const { begin, end } = markers(args)
  return [begin, ...block.split('\n'), end]
}

function withBlock(args: Args, lines: readonly string[], wanted: readonly string[]): readonly string[] {
  const { begin, end } = markers(args)
  const found = [lines.lastIndexOf(begin), lines.lastIndexOf(end)].sort((a, b) => a - b)
  const [first = -1, last = -1] = found
  if (first >= 0) return lines.toSpliced(first, last - first + 1, ...wanted)
  if (wanted.length === 0) return lines
  return lines.toSpliced(placeFor(args, lines) ?? lines.length, 0, ...wanted)
}
