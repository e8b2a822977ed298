import { z } from 'zod'
import { findPath } from './files/fragments.js'
import { defineModule, ModuleFailure } from './module.js'
import { mustRun, outputText } from './outcome.js'
import { int, name, path } from './schema.js'
import { shellScript } from './script.js'

const args = z
  .strictObject({
    name: name.refine((v) => /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(v), 'is not the name of a group'),
    path: path.optional().describe('The program that the name shall stand for.'),
    link: path.optional().describe('Where the name stands; needed where the group is new.'),
    priority: int.default(50).describe('Of a program that is new to the group.'),
    state: z
      .enum(['selected', 'present', 'auto', 'absent'])
      .default('selected')
      .describe('`present`: known, not chosen. `auto`: the one with the highest priority.'),
  })
  .refine((v) => v.state === 'auto' || v.path !== undefined, { message: 'is needed', path: ['path'] })

type Args = z.output<typeof args>

const tool = `PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
if command -v update-alternatives >/dev/null 2>&1; then alternatives=update-alternatives
elif command -v alternatives >/dev/null 2>&1; then alternatives=alternatives
else
  echo 'this host has no update-alternatives' >&2
  exit 1
fi
`

const probeScript = shellScript(
  'probe-alternatives',
  'probe',
  ['name'],
  `${tool}${findPath}fs_find "/var/lib/dpkg/alternatives/$name" || fs_find "/var/lib/alternatives/$name" || exit 0
if [ "$alternatives" = update-alternatives ] && "$alternatives" --query "$name" 2>/dev/null; then exit 0; fi
"$alternatives" --display "$name" | sed -n \\
  -e 's/^.* status is \\(auto\\|manual\\).*/Status: \\1/p' \\
  -e 's/^ *link currently points to \\(.*\\)/Value: \\1/p' \\
  -e 's/^\\(\\/.*\\) - .*priority.*/Alternative: \\1/p'`,
)

const applyScript = shellScript(
  'apply-alternatives',
  'apply',
  ['name', 'path', 'link', 'priority', 'steps'],
  `${tool}for step in $steps; do
  case $step in
    install) "$alternatives" --install "$link" "$name" "$path" "$priority" >&2 || exit 1 ;;
    set) "$alternatives" --set "$name" "$path" >&2 || exit 1 ;;
    auto) "$alternatives" --auto "$name" >&2 || exit 1 ;;
    remove) "$alternatives" --remove "$name" "$path" >&2 || exit 1 ;;
  esac
done`,
)

interface State {
  readonly link: string
  readonly value: string
  readonly status: string
  readonly known: readonly string[]
}

/** Which program a name stands for. */
export const alternatives = defineModule({
  name: 'alternatives',
  doc: {
    summary: 'Choose which of several programs a name stands for',
    examples: [
      '- name: iptables of old\n  alternatives: { name: iptables, path: /usr/sbin/iptables-legacy }',
    ],
  },
  args,
  readsAhead: true,
  async probe(host, args: Args): Promise<State> {
    const lines = outputText((await host.query(probeScript({ name: args.name }))).stdout).split('\n')
    const field = (key: string) =>
      lines.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2) ?? ''
    const known = lines.flatMap((line) => (line.startsWith('Alternative: ') ? [line.slice(13)] : []))
    return { link: field('Link'), value: field('Value'), status: field('Status'), known }
  },
  diff(args, state) {
    const { name, path = '' } = args
    const isKnown = state.known.includes(path)
    const install = !isKnown && (args.state === 'selected' || args.state === 'present') ? ['install'] : []
    const link = args.link ?? state.link
    if (install.length > 0 && link === '') throw new ModuleFailure(`the group ${name} is new: give link`)
    const steps = {
      present: install,
      selected: [...install, ...(state.value === path && state.status === 'manual' ? [] : ['set'])],
      auto: state.status === 'auto' || state.status === '' ? [] : ['auto'],
      absent: isKnown ? ['remove'] : [],
    }[args.state]
    if (steps.length === 0) return undefined
    return {
      summary: steps.map((step) => `${step} ${step === 'auto' ? name : `${path} for ${name}`}`),
      differences: [
        {
          subject: name,
          before: `${state.value} (${state.status})\n`,
          after: `${path || 'auto'} (${args.state})\n`,
        },
      ],
      data: { steps: steps.join(' '), link },
    }
  },
  async apply(host, args, { data }) {
    const { name, path = '', priority } = args
    await mustRun(
      host,
      applyScript({ name, path, priority: `${priority}`, ...data }),
      `change the group ${name}`,
    )
    return {}
  },
  result: (args, { value }) => ({ name: args.name, path: value }),
})
