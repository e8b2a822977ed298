import { expect, test } from 'vitest'
import { heldPods, heldText, selects } from '../../../runner/modules/k8s/budgets.js'
import type { NodeInfo } from '../../../runner/modules/k8s/node.js'
import { readNode } from '../../../runner/modules/k8s/node.js'
import { planNode } from '../../../runner/modules/k8s/plan.js'
import { k8sNode } from '../../../runner/modules/k8s-node.js'

const node: NodeInfo = readNode(
  JSON.stringify({
    metadata: {
      name: 'agent-1',
      labels: { pool: 'a' },
      annotations: { 'example.com/owner': 'ops', old: 'x', empty: '' },
    },
  }),
)
const plan = (args: object) =>
  planNode(k8sNode.args.parse({ name: 'agent-1', ...args }), { node, pods: ['default/web-1'] })

test('annotations are set and removed as labels are; others stay', () => {
  const annotations = { 'example.com/owner': "it's\ntwo lines", old: null, gone: null, size: 3, empty: '' }
  const change = plan({ annotations })
  expect(change?.summary).toEqual(['annotate node agent-1: example.com/owner old size'])
  expect(change?.data[0]?.words).toEqual([
    ...['annotate', 'node', 'agent-1', '--overwrite'],
    ...["example.com/owner=it's\ntwo lines", 'old-', 'size=3'],
  ])
  expect(change?.differences).toEqual([
    {
      subject: 'node agent-1',
      before: 'schedulable\nannotation example.com/owner=ops\nannotation old=x\nannotation empty=\n',
      after:
        "schedulable\nannotation example.com/owner=it's\ntwo lines\nannotation size=3\nannotation empty=\n",
    },
  ])
  expect(plan({ annotations: { 'example.com/owner': 'ops', gone: null } })).toBeUndefined()
})

test('a value whose key every object of JavaScript has is not there', () => {
  expect(plan({ annotations: { constructor: null }, labels: { toString: null } })).toBeUndefined()
  expect(plan({ labels: { valueOf: 'a' } })?.summary).toEqual(['label node agent-1: valueOf=a'])
})

test('a node that shall be absent has no annotations; a drain has a bound', () => {
  const refused = (args: object) => k8sNode.args.safeParse({ name: 'a', ...args }).error?.issues[0]?.message
  expect(refused({ state: 'absent', annotations: { a: 'b' } })).toContain('annotations')
  expect(refused({ state: 'absent', drain: {} })).toBeUndefined()
  expect(refused({ drain: { timeout: 0 } })).toContain('for ever')
  expect(refused({ annotations: { '-x': 'b' } })).toBeDefined()
})

const pod = (name: string, namespace: string, labels: object) => ({ metadata: { name, namespace, labels } })
const budget = (name: string, namespace: string, selector: object) => ({
  metadata: { name, namespace },
  spec: { selector },
})
const list = (...items: object[]) => JSON.stringify({ items })

const said = `evicting pod default/web-1
error when evicting pods/"web-1" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.
error when evicting pods/"slow" -n "default" (will retry after 5s): the server is busy
error when evicting pods/"went" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.
error: unable to drain node "agent-1" due to error: error when evicting pods/"web-1" -n "default": global timeout reached: 10s`

test('a pod that is held back is told with its budgets', () => {
  const pods = list(pod('web-1', 'default', { app: 'web' }), pod('slow', 'default', { app: 'web' }))
  const budgets = list(
    budget('web', 'default', { matchLabels: { app: 'web' } }),
    budget('db', 'default', { matchLabels: { app: 'db' } }),
    budget('web', 'other', { matchLabels: { app: 'web' } }),
  )
  const held = heldPods(said, pods, budgets)
  expect(held).toEqual([{ pod: 'default/web-1', budgets: ['web'] }])
  expect(heldText(held)).toBe('pod default/web-1 was held back by its PodDisruptionBudget web')
  expect(heldText(heldPods(said, pods, ''))).toBe(
    'pod default/web-1 was held back by its PodDisruptionBudget',
  )
  expect(heldPods('error: no route', pods, budgets)).toEqual([])
})

test.each([
  [undefined, false],
  [{}, true],
  [{ matchLabels: { app: 'web', tier: 'b' } }, false],
  [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
  [{ matchExpressions: [{ key: 'x', operator: 'NotIn', values: ['web'] }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
])('selector %j of a pod with app=web: %s', (selector, expected) => {
  expect(selects(selector, { app: 'web' })).toBe(expected)
})
