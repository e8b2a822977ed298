import { z } from 'zod'
import { kubectl, kubectlFunction, kubectlLine } from './k8s/args.js'
import { covers, type KubeObject, liveText, resourceWord, wantedText } from './k8s/manifest.js'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { outputFields, outputText } from './outcome.js'
import { bool, name, seconds, withoutNul } from './schema.js'
import { shellScript } from './script.js'
import { joinWords } from './words.js'

const object = z.looseObject({
  apiVersion: z.string().regex(/^[a-z0-9.-]+(\/[a-z0-9]+)?$/),
  kind: z.string().regex(/^[A-Za-z0-9]+$/),
  metadata: z.looseObject({
    name: z.string().regex(/^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/),
    namespace: z
      .string()
      .regex(/^[a-z0-9-]+$/)
      .optional(),
  }),
})

const args = z.strictObject({
  definition: withoutNul(z.union([object.transform((one) => [one]), z.array(object).min(1)])).describe(
    'An object of Kubernetes, or a list of them, in the order in which they are applied.',
  ),
  state: z.enum(['present', 'absent']).default('present'),
  namespace: name
    .refine((v) => /^[a-z0-9-]+$/.test(v), 'is not the name of a namespace')
    .default('default')
    .describe('Of objects that name none.'),
  server_side: bool.default(false).describe('Let the server merge (`kubectl apply --server-side`).'),
  kubectl,
  timeout: seconds.default(60).describe('For each question to the cluster.'),
})

type Args = z.output<typeof args>

const probeScript = shellScript(
  'probe-manifest',
  'probe',
  ['kubectl', 'timeout', 'asks'],
  `${kubectlFunction}err=$(mktemp) || exit 1
trap 'rm -f -- "$err"' EXIT
ask() {
  if out=$(kube get "$1" "$2" -n "$3" -o json "--request-timeout=\${timeout}s" 2>"$err"); then
    printf '%s\\n' "$out" | tr '\\n' ' '
    echo
  elif grep -Eq 'NotFound|not found|have a resource type|no matches for kind' "$err"; then echo absent
  else
    cat "$err" >&2
    exit 1
  fi
}
eval "$asks"`,
)

const applyScript = shellScript(
  'apply-manifest',
  'apply',
  ['kubectl', 'words'],
  `kube() {
  eval "$kubectl \\"\\$@\\""
}
eval "set -- $words"
kube "$@"`,
)

/** Objects of the cluster. */
export const k8sManifest = defineModule({
  name: 'k8s_manifest',
  doc: {
    summary: 'Apply objects to the cluster, or delete them',
    description:
      'It runs kubectl on the host of the task: a server. An object is as wanted when the cluster’s has every field that is ' +
      'given, with its value; what the cluster adds is left alone. Values that the cluster writes in another way (`1000m` ' +
      'for `1`) are given as it writes them.',
    examples: [
      '- name: A namespace\n  k8s_manifest: { definition: { apiVersion: v1, kind: Namespace, metadata: { name: shop } } }\n  delegate_to: <%= groups.server[0] %>',
    ],
  },
  args,
  async probe(host, args: Args) {
    const asks = args.definition
      .map((one) =>
        joinWords(['ask', resourceWord(one), one.metadata.name, one.metadata.namespace ?? args.namespace]),
      )
      .join('\n')
    const values = { kubectl: kubectlLine(args.kubectl), timeout: `${Math.ceil(args.timeout)}`, asks }
    const lines = outputText((await host.query(probeScript(values))).stdout).split('\n')
    return args.definition.map((_one, at) => readLive(lines[at]))
  },
  diff(args, live): Change<readonly KubeObject[]> | undefined {
    const wanted = args.definition as readonly KubeObject[]
    const changed = wanted.flatMap((one, at) => {
      const now = live[at]
      if (args.state === 'absent') return now ? [{ one, now }] : []
      return now && covers(one, now) ? [] : [{ one, now }]
    })
    if (changed.length === 0) return undefined
    const label = ({ kind, metadata }: KubeObject) =>
      `${kind} ${metadata.namespace ?? args.namespace}/${metadata.name}`
    return {
      summary: changed.map(({ one }) => `${args.state === 'absent' ? 'delete' : 'apply'} ${label(one)}`),
      differences: changed.map(({ one, now }) => ({
        subject: label(one),
        before: liveText(one, now),
        after: args.state === 'absent' ? '' : wantedText(one),
      })),
      data: changed.map(({ one }) => one),
    }
  },
  async apply(host, args, { data }) {
    const items = { apiVersion: 'v1', kind: 'List', items: data }
    const verb = args.state === 'absent' ? ['delete', '--ignore-not-found=true'] : ['apply']
    const side = args.server_side && args.state === 'present' ? ['--server-side', '--force-conflicts'] : []
    const words = joinWords([...verb, ...side, '-n', args.namespace, '-f', '-'])
    const use = { stdin: JSON.stringify(items), timeoutMs: (args.timeout * (data.length + 1) + 60) * 1000 }
    const completed = await host.run(applyScript({ kubectl: kubectlLine(args.kubectl), words }, use))
    const fields = outputFields(completed)
    if (completed.code === 0) return { stdout_lines: fields.stdout_lines }
    throw new ModuleFailure(`kubectl ${verb[0]} failed: ${fields.stderr}`, fields)
  },
  result: (args, live) => ({ state: args.state, resources: live.map((one) => one ?? null) }),
})

function readLive(line = ''): KubeObject | undefined {
  if (line === 'absent') return undefined
  try {
    return JSON.parse(line) as KubeObject
  } catch {
    throw new ModuleFailure(`kubectl printed no object: ${line.slice(0, 200)}`)
  }
}
