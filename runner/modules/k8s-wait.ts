import { z } from 'zod'
import { kubectl, kubectlFunction, kubectlLine, nodeName } from './k8s/args.js'
import { defineModule, ModuleFailure } from './module.js'
import { outputText } from './outcome.js'
import { bool, name, seconds } from './schema.js'
import { shellScript } from './script.js'

const args = z
  .strictObject({
    node: nodeName.optional(),
    ready: bool.optional().describe('The node’s condition Ready.'),
    voter: bool.optional().describe('The node’s condition EtcdIsVoter, which k3s sets.'),
    version: name.optional().describe('The version of its kubelet, in full: v1.34.2+k3s1.'),
    absent: bool.default(false).describe('The cluster knows the node no more.'),
    api: bool.default(false).describe('The API server says that it is ready (/readyz).'),
    kubectl,
    timeout: seconds.default(300),
    sleep: seconds.default(2).describe('Between two looks.'),
  })
  .superRefine((value, context) => {
    const ofNode = value.ready !== undefined || value.voter !== undefined || value.version !== undefined
    const issue = (message: string) => context.addIssue({ code: 'custom', message })
    if (!value.api && value.node === undefined) issue('give node, or api')
    if (value.node === undefined && (ofNode || value.absent)) issue('needs node')
    if (value.absent && ofNode) issue('an absent node has no conditions')
    if (value.node !== undefined && !ofNode && !value.absent)
      issue('say what to wait for: ready, voter, version or absent')
  })

type Args = z.output<typeof args>

const script = shellScript(
  'k8s-wait',
  'probe',
  ['kubectl', 'node', 'ready', 'voter', 'version', 'absent', 'api', 'limit', 'pause'],
  `${kubectlFunction}err=$(mktemp) || exit 1
trap 'rm -f -- "$err"' EXIT
trap 'exit 143' HUP INT TERM
look() {
  if [ "$api" = yes ]; then
    if ! kube get --raw /readyz --request-timeout=10s >/dev/null 2>"$err"; then
      seen="the API is not ready: $(tail -n 1 "$err")"
      return 1
    fi
    seen='the API is ready'
  fi
  [ -n "$node" ] || return 0
  if ! seen=$(kube get node "$node" --request-timeout=10s -o "jsonpath={.status.nodeInfo.kubeletVersion} {range .status.conditions[*]}{.type}={.status} {end}" 2>"$err"); then
    if grep -q 'NotFound' "$err"; then
      seen="the cluster knows no node $node"
      [ "$absent" = yes ]
      return
    fi
    seen="kubectl fails: $(tail -n 1 "$err")"
    return 1
  fi
  [ "$absent" = no ] || return 1
  if [ -n "$version" ] && [ "\${seen%% *}" != "$version" ]; then return 1; fi
  if [ -n "$ready" ]; then condition Ready "$ready" || return 1; fi
  if [ -n "$voter" ]; then condition EtcdIsVoter "$voter" || return 1; fi
}
condition() {
  case " $seen " in
    *" $1=True "*) [ "$2" = yes ] ;;
    *) [ "$2" = no ] ;;
  esac
}
end=$(($(date +%s) + limit))
until look; do
  if [ "$(date +%s)" -ge "$end" ]; then
    printf 'unmet\\n%s\\n' "$seen"
    exit 0
  fi
  sleep "$pause" || exit 1
done
printf 'met\\n%s\\n' "$seen"`,
)

const yesNo = (value: boolean | undefined) => (value === undefined ? '' : value ? 'yes' : 'no')

function scriptFor(args: Args, limit: number) {
  const values = {
    kubectl: kubectlLine(args.kubectl),
    node: args.node ?? '',
    ready: yesNo(args.ready),
    voter: yesNo(args.voter),
    version: args.version ?? '',
    absent: yesNo(args.absent),
    api: yesNo(args.api),
    limit: `${Math.ceil(limit)}`,
    pause: `${Math.max(args.sleep, 0.2)}`,
  }
  return script(values, { timeoutMs: (limit + args.sleep + 60) * 1000 })
}

function wish({ node, ready, voter, version, absent, api }: Args): string {
  const parts = [
    api ? 'the API to be ready' : '',
    ready === undefined ? '' : `node ${node} to be ${ready ? '' : 'not '}ready`,
    voter === undefined ? '' : `node ${node} to be ${voter ? 'a' : 'no'} voter`,
    version === undefined ? '' : `node ${node} to run ${version}`,
    absent ? `node ${node} to be gone` : '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}

/** Waits for the cluster. */
export const k8sWait = defineModule({
  name: 'k8s_wait',
  doc: {
    summary: 'Wait until a node or the API of the cluster is as wanted',
    description:
      'It runs kubectl on the host of the task: a server. The waiting is one round trip, and no change.',
    examples: [
      '- name: The new server votes\n  k8s_wait: { node: <%= inventory_hostname %>, ready: true, voter: true, timeout: 180 }',
      '- name: The API answers\n  k8s_wait: { api: true }',
    ],
  },
  args,
  async probe(host, args: Args) {
    return answerOf(outputText((await host.query(scriptFor(args, 0))).stdout))
  },
  diff(args, { met }) {
    return met ? undefined : { summary: [`wait for ${wish(args)}`], waits: true, data: undefined }
  },
  async apply(host, args) {
    const start = Date.now()
    const { stdout } = await host.query({ ...scriptFor(args, args.timeout), repeatable: true })
    const { met, seen } = answerOf(outputText(stdout))
    const fields = { seen, elapsed: Math.round((Date.now() - start) / 1000) }
    if (met) return fields
    throw new ModuleFailure(`waited ${args.timeout} s for ${wish(args)}; last seen: ${seen}`, fields)
  },
  result: (_args, { seen }) => ({ seen, elapsed: 0 }),
})

function answerOf(said: string): { met: boolean; seen: string } {
  const [head, ...rest] = said.split('\n')
  return { met: head === 'met', seen: rest.join('\n').trim() }
}
