import { createHmac, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { parseKnownHosts, standsFor } from '../transport/known-hosts.js'
import { applyFile } from './files/apply.js'
import { linesOfAnswer, planEdit } from './files/edit.js'
import { probeFile } from './files/probe.js'
import { fileFields } from './files/result.js'
import { defineModule } from './module.js'
import { bool, name, path } from './schema.js'

const args = z
  .strictObject({
    name: name
      .refine((v) => /^\S+$/.test(v) && !v.includes(','), 'must be one name')
      .describe('As ssh looks for it: `host`, or `[host]:2222`.'),
    key: name.optional().describe('The line of known_hosts: `host ssh-ed25519 AAAA…`.'),
    path: path.default('~/.ssh/known_hosts').describe('The file; its folder must be there.'),
    hash_host: bool.default(false).describe('Write the name of a new entry hashed.'),
    state: z.enum(['present', 'absent']).default('present'),
  })
  .superRefine(({ state, key, name }, context) => {
    if (state === 'absent') return
    const [entry] = parseKnownHosts(key ?? '', '')
    if (!entry || !standsFor(entry, name.toLowerCase()))
      context.addIssue({
        code: 'custom',
        message: 'must be a line of known_hosts that begins with the name',
        path: ['key'],
      })
  })

type Args = z.output<typeof args>

/** Keys of other hosts. */
export const knownHosts = defineModule({
  name: 'known_hosts',
  doc: {
    summary: 'Keep the SSH key of another host in a file of known hosts',
    description: 'A key of the same type that the name had before goes. Hashed names are found too.',
    examples: [
      '- name: The mirror\n  known_hosts: { name: git.example, key: git.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 }',
    ],
  },
  args,
  aliases: { host: 'name' },
  readsAhead: true,
  probe: (host, args: Args) => probeFile(host, { path: args.path, follow: true, contentLimit: 1024 * 1024 }),
  diff(args, answer) {
    if (answer.file.kind === 'absent' && args.state === 'absent') return undefined
    const before = linesOfAnswer(answer)
    const plain = { backup: false, ...(answer.file.kind === 'absent' ? { mode: '0600' } : {}) }
    return planEdit(plain, answer, before, linesAfter(args, before.lines))
  },
  apply: (host, _args, { data }) => applyFile(host, data),
  result: (args, answer) => ({ ...fileFields(answer.path, answer.file), name: args.name, state: args.state }),
})

function linesAfter(args: Args, lines: readonly string[]): readonly string[] {
  const wanted = args.state === 'absent' ? undefined : parseKnownHosts(args.key!, '')[0]!
  let found = false
  const kept = lines.filter((line) => {
    const [entry] = parseKnownHosts(line, '')
    if (!entry || entry.revoked || entry.authority || !standsFor(entry, args.name.toLowerCase())) return true
    if (!wanted) return false
    if (entry.keyType !== wanted.keyType) return true
    const same = !found && entry.key.equals(wanted.key)
    found ||= same
    return same
  })
  if (!wanted || found) return kept
  const [, ...rest] = args.key!.trim().split(/\s+/)
  return [
    ...kept,
    [args.hash_host ? hashed(args.name.toLowerCase()) : args.key!.trim().split(/\s+/)[0], ...rest].join(' '),
  ]
}

/** As `ssh-keygen -H` writes it. */
function hashed(name: string): string {
  const salt = randomBytes(20)
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}
