import { z } from 'zod'
import { applyNode } from './k8s/apply.js'
import { kubectl, kubectlFunction, kubectlLine, nodeName } from './k8s/args.js'
import { type NodeInfo, readNode } from './k8s/node.js'
import { changesNode, planNode } from './k8s/plan.js'
import { defineModule, ModuleFailure } from './module.js'
import { outputText } from './outcome.js'
import { bool, int, seconds, text } from './schema.js'
import { shellScript } from './script.js'

const value = z.union([text, z.boolean().transform(String), z.null()])
const values = z.record(z.string().regex(/^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$/), value).default({})
const taint = text.refine((v) => /^[^\s=:]+(=[^\s=:]*)?:(NoSchedule|PreferNoSchedule|NoExecute)$/.test(v), {
  message: 'must be key=value:Effect',
})

const args = z
  .strictObject({
    name: nodeName,
    kubectl,
    state: z.enum(['info', 'absent']).default('info').describe('`absent`: the cluster forgets the node.'),
    schedulable: bool.optional().describe('false cordons the node, true uncordons it.'),
    drain: z
      .strictObject({
        timeout: seconds
          .refine((v) => v > 0, 'must be more than 0: kubectl would wait for ever')
          .default(300)
          .describe(
            'How long pods may take to go. An eviction that a PodDisruptionBudget refuses is tried again until then.',
          ),
        force: bool.default(false).describe('Also pods that nothing would start again.'),
        grace_period: int.optional().describe('Seconds for each pod, in the place of its own.'),
        delete_emptydir_data: bool.default(true),
        ignore_daemonsets: bool.default(true),
        disable_eviction: bool.default(false).describe('Delete pods, past their disruption budgets.'),
      })
      .optional()
      .describe('Cordon the node and move its pods away.'),
    labels: values.describe('Labels it shall have; null removes one. Others stay.'),
    annotations: values.describe('Annotations it shall have; null removes one. Others stay.'),
    taints: z
      .array(taint)
      .optional()
      .describe('The taints it shall have. Those that Kubernetes sets itself stay.'),
    timeout: seconds.default(60).describe('For each question to the cluster.'),
  })
  .superRefine((value, context) => {
    if (value.state === 'absent' && changesNode({ ...value, drain: undefined }))
      context.addIssue({
        code: 'custom',
        message: 'a node that shall be absent has no labels, annotations, taints or schedule',
      })
    if (value.drain && value.schedulable === true)
      context.addIssue({
        code: 'custom',
        message: 'a drained node is not schedulable',
        path: ['schedulable'],
      })
  })

export type NodeArgs = z.output<typeof args>

export interface NodeState {
  readonly node: NodeInfo | null
  /** Pods that a drain would move: all but those of DaemonSets, static ones and those that have ended. */
  readonly pods: readonly string[]
}

const script = shellScript(
  'probe-node',
  'probe',
  ['kubectl', 'name', 'pods', 'timeout'],
  `${kubectlFunction}err=$(mktemp) || exit 1
trap 'rm -f -- "$err"' EXIT
if ! out=$(kube get node "$name" -o json "--request-timeout=\${timeout}s" 2>"$err"); then
  if grep -q 'NotFound' "$err"; then echo absent; exit 0; fi
  cat "$err" >&2
  exit 1
fi
echo there
if [ "$pods" = yes ]; then
  kube get pods --all-namespaces --field-selector "spec.nodeName=$name" -o json "--request-timeout=\${timeout}s" |
    tr '\\n' ' ' || exit 1
fi
echo
printf '%s\\n' "$out"`,
)

/** A node of the cluster. */
export const k8sNode = defineModule({
  name: 'k8s_node',
  doc: {
    summary: 'Look at a node of the cluster, cordon, drain, label, annotate, taint or remove it',
    description: 'It runs kubectl on the host of the task: a server. `delegate_to` sends it there.',
    examples: [
      '- name: Move the work away\n  k8s_node: { name: agent-1, drain: { timeout: 120 } }\n  delegate_to: <%= groups.server[0] %>',
      '- name: Let it work again\n  k8s_node: { name: agent-1, schedulable: true }',
    ],
  },
  args,
  async probe(host, args: NodeArgs): Promise<NodeState> {
    const pods = args.drain ? 'yes' : 'no'
    const values = {
      kubectl: kubectlLine(args.kubectl),
      name: args.name,
      pods,
      timeout: `${Math.ceil(args.timeout)}`,
    }
    const body = outputText((await host.query(script(values))).stdout)
    const [head, listed = '', ...json] = body.split('\n')
    if (head === 'absent') return { node: null, pods: [] }
    if (head !== 'there') throw new ModuleFailure(`kubectl printed ${JSON.stringify(head)}`)
    return { node: readNode(json.join('\n')), pods: listed.trim() === '' ? [] : readPods(listed) }
  },
  diff: (args, state) => planNode(args, state),
  apply: (host, args, { data }) => applyNode(host, args, data),
  result: (_args, { node, pods }) => ({ node, exists: node !== null, pods }),
})

interface RawPod {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly annotations?: Record<string, string>
    readonly ownerReferences?: readonly { readonly kind: string }[]
  }
  readonly status?: { readonly phase?: string }
}

function readPods(json: string): string[] {
  const items = (JSON.parse(json) as { items?: readonly RawPod[] }).items ?? []
  return items
    .filter(({ metadata, status }) => {
      const daemon = metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet' || kind === 'Node')
      const isStatic = metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined
      return !daemon && !isStatic && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
    })
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}
