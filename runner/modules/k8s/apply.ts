import type { NodeArgs } from '../k8s-node.js'
import { type ApplyHost, type Completed, ModuleFailure, type ResultFields } from '../module.js'
import { outputText } from '../outcome.js'
import { shellScript } from '../script.js'
import { joinWords } from '../words.js'
import { kubectlFunction, kubectlLine } from './args.js'
import { heldPods, heldText } from './budgets.js'
import { readNode } from './node.js'
import type { NodeStep } from './plan.js'

const script = shellScript(
  'apply-node',
  'apply',
  ['kubectl', 'name', 'steps', 'timeout'],
  `${kubectlFunction}# shellcheck disable=SC2317 # the steps call it
held() {
  kube get pods --all-namespaces --field-selector "spec.nodeName=$name" -o json "--request-timeout=\${timeout}s"
  echo '=== budgets'
  kube get poddisruptionbudgets --all-namespaces -o json "--request-timeout=\${timeout}s"
}
eval "$steps"
echo '=== node'
kube get node "$name" -o json 2>/dev/null
exit 0`,
)

/** @throws ModuleFailure with what kubectl said, and which step it was */
export async function applyNode(
  host: ApplyHost,
  args: NodeArgs,
  steps: readonly NodeStep[],
): Promise<ResultFields> {
  const { name } = args
  if (steps.length === 0) throw new ModuleFailure(`the cluster knows no node ${name}`)
  const lines = steps.map(({ words, drains }, at) => {
    const failed = `${drains ? 'held 2>/dev/null; ' : ''}exit ${at + 1}`
    return `kube ${joinWords(words)} >&2 || { ${failed}; }`
  })
  const longest = (args.drain?.timeout ?? 0) + args.timeout * (steps.length + 3) + 60
  const values = {
    kubectl: kubectlLine(args.kubectl),
    name,
    steps: lines.join('\n'),
    timeout: `${Math.ceil(args.timeout)}`,
  }
  const completed = await host.run(script(values, { timeoutMs: longest * 1000 }))
  if (completed.code !== 0) throw stepFailure(args, steps[completed.code - 1], completed)
  const json = outputText(completed.stdout).split('=== node\n')[1] ?? ''
  const node = json.trim() === '' ? null : readNode(json)
  return { node, exists: node !== null, msg: outputText(completed.stderr) }
}

function stepFailure(args: NodeArgs, step: NodeStep | undefined, { code, ...output }: Completed) {
  const stderr = outputText(output.stderr)
  const said = stderr.split('\n').slice(-8).join('\n')
  const doing = `could not ${step?.doing ?? `change node ${args.name}`}`
  const [pods = '', budgets = ''] = outputText(output.stdout).split('=== budgets\n')
  const held = step?.drains ? heldPods(stderr, pods, budgets) : []
  if (held.length === 0) return new ModuleFailure(`${doing}: ${said}`, { rc: code, stderr })
  const advice =
    'Let the budget allow a disruption (more replicas, on other nodes), give drain.timeout more time, or delete the pods ' +
    'past their budgets with drain.disable_eviction.'
  const message = `${doing} within ${args.drain?.timeout} s:\n${heldText(held)}\n${advice}\nkubectl said: ${said}`
  return new ModuleFailure(message, { rc: code, stderr, held })
}
