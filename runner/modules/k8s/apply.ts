import type { NodeArgs } from '../k8s-node.js'
import { type ApplyHost, ModuleFailure, type ResultFields } from '../module.js'
import { outputText } from '../outcome.js'
import { shellScript } from '../script.js'
import { joinWords } from '../words.js'
import { kubectlFunction, kubectlLine } from './args.js'
import { readNode } from './node.js'
import type { NodeStep } from './plan.js'

const script = shellScript(
  'apply-node',
  'apply',
  ['kubectl', 'name', 'steps'],
  `${kubectlFunction}eval "$steps"
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
  const lines = steps.map(({ words }, at) => `kube ${joinWords(words)} >&2 || exit ${at + 1}`).join('\n')
  const longest = (args.drain?.timeout ?? 0) + args.timeout * (steps.length + 1) + 60
  const values = { kubectl: kubectlLine(args.kubectl), name, steps: lines }
  const completed = await host.run(script(values, { timeoutMs: longest * 1000 }))
  const stderr = outputText(completed.stderr)
  if (completed.code !== 0) {
    const doing = steps[completed.code - 1]?.doing ?? `change node ${name}`
    const said = stderr.split('\n').slice(-8).join('\n')
    throw new ModuleFailure(`could not ${doing}: ${said}`, { rc: completed.code, stderr })
  }
  const json = outputText(completed.stdout).split('=== node\n')[1] ?? ''
  const node = json.trim() === '' ? null : readNode(json)
  return { node, exists: node !== null, msg: stderr }
}
