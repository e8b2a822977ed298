import { z } from 'zod'
import { expandHome, findPath } from './files/fragments.js'
import { defineModule } from './module.js'
import { path } from './schema.js'
import { shellScript } from './script.js'

const args = z
  .strictObject({
    src: path.optional().describe('The file to read.'),
    path: path.optional().describe('The same as `src`.'),
  })
  .refine((v) => (v.src === undefined) !== (v.path === undefined), 'give src')

type Args = z.output<typeof args>

const limit = 4 * 1024 * 1024

const script = shellScript(
  'slurp',
  'probe',
  ['path', 'limit'],
  `${expandHome}${findPath}
fs_expand "$path"
fs_find "$fs_path" || { printf '%s\\n' "no such file: $fs_path" >&2; exit 1; }
[ -f "$fs_path" ] || { printf '%s\\n' "not a file: $fs_path" >&2; exit 1; }
size=$(stat -L -c %s -- "$fs_path") || exit 1
[ "$size" -le "$limit" ] || { printf '%s\\n' "$size bytes are more than slurp reads ($limit)" >&2; exit 1; }
cat <"$fs_path"`,
)

/** Reads a file of a host. */
export const slurp = defineModule({
  name: 'slurp',
  doc: {
    summary: 'Read a file of the host',
    description:
      'The result holds `content` in base64, as in Ansible, and `text` where the file is UTF-8. At most 4 MiB.',
    examples: [
      '- name: Read the token\n  slurp: { src: /var/lib/rancher/k3s/server/node-token }\n  register: token\n  no_log: true',
    ],
  },
  args,
  readsAhead: true,
  async probe(host, args: Args) {
    const { stdout } = await host.query(script({ path: (args.src ?? args.path)!, limit: `${limit}` }))
    return stdout
  },
  diff: () => undefined,
  apply: async () => ({}),
  result(args, content) {
    const text = content.toString('utf8')
    const readable = Buffer.from(text, 'utf8').equals(content) ? { text } : {}
    return {
      content: content.toString('base64'),
      encoding: 'base64',
      source: args.src ?? args.path,
      ...readable,
    }
  },
})
