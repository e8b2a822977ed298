import { describe, expect, it } from 'vitest'
import { findResource, type KubeObject, nodes, type Resource } from '../../lab/k3s/src/api/resources.js'
import { durationMs, parseArgs } from '../../lab/k3s/src/kubectl/flags.js'
import { renderJsonPath } from '../../lab/k3s/src/kubectl/jsonpath.js'
import { age, nodeStatus, objectRows, renderTable } from '../../lab/k3s/src/kubectl/table.js'

const node: KubeObject = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 's1',
    labels: { 'node-role.kubernetes.io/etcd': 'true', 'node-role.kubernetes.io/control-plane': 'true' },
    annotations: { 'etcd.k3s.cattle.io/removed-node-name': 'gone' },
    creationTimestamp: new Date(Date.now() - 5000).toISOString(),
  },
  spec: {},
  status: {
    addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'EtcdIsVoter', status: 'False' },
    ],
    nodeInfo: { kubeletVersion: 'v1.34.2+k3s1' },
  },
}

describe('jsonpath', () => {
  it.each([
    ['{.metadata.name}', 's1'],
    ["{.status.conditions[?(@.type=='EtcdIsVoter')].status}", 'False'],
    ['{.status.conditions[?(@.type=="Ready")].status}', 'True'],
    ['{.metadata.annotations.etcd\\.k3s\\.cattle\\.io/removed-node-name}', 'gone'],
    ["{.metadata.annotations['etcd.k3s.cattle.io/removed-node-name']}", 'gone'],
    ['{.status.conditions[*].type}', 'Ready EtcdIsVoter'],
    ['{.status.conditions[0].type}', 'Ready'],
    ['{.status.conditions[-1].type}', 'EtcdIsVoter'],
    ['{.no.such}', ''],
    ['{.status.addresses[0]}', '{"type":"InternalIP","address":"10.0.0.1"}'],
  ])('%s', (template, text) => {
    expect(renderJsonPath(template, node)).toBe(text)
  })

  it('repeats a range with text between', () => {
    const list = { items: [node, { ...node, metadata: { name: 's2' } }] }
    const template = '{range .items[*]}{.metadata.name}{"\\t"}{.status.nodeInfo.kubeletVersion}{"\\n"}{end}'
    expect(renderJsonPath(template, list)).toBe('s1\tv1.34.2+k3s1\ns2\tv1.34.2+k3s1\n')
  })
})

describe('tables', () => {
  it('show a node as kubectl does', () => {
    const rows = objectRows(nodes, [node], { wide: false, namespaces: false, labels: false })
    expect(renderTable(rows)).toBe(
      'NAME   STATUS   ROLES                AGE   VERSION\ns1     Ready    control-plane,etcd   5s    v1.34.2+k3s1\n',
    )
  })

  it('show a cordoned and a silent node', () => {
    const silent = {
      ...node,
      spec: { unschedulable: true },
      status: { conditions: [{ type: 'Ready', status: 'Unknown' }] },
    }
    expect(nodeStatus(silent)).toBe('NotReady,SchedulingDisabled')
  })

  it.each([
    [59, '59s'],
    [119, '119s'],
    [190, '3m10s'],
    [1200, '20m'],
    [7200, '120m'],
    [14400, '4h'],
    [200_000, '2d'],
  ])('shorten an age of %i s', (seconds, text) => {
    expect(age(new Date(1_000_000_000_000 - seconds * 1000).toISOString(), 1_000_000_000_000)).toBe(text)
  })
})

describe('words', () => {
  it('find kinds by plural, singular, short name and kind', () => {
    for (const word of ['node', 'nodes', 'no', 'Node']) expect(findResource(word)).toBe(nodes)
    expect((findResource('pdb') as Resource).kind).toBe('PodDisruptionBudget')
  })

  it('read flags in every form', () => {
    const args = parseArgs(['get', '-n', 'kube-system', '-ojson', '--selector=a=b', '-A', 'pods'])
    expect(args.words).toEqual(['get', 'pods'])
    expect(Object.fromEntries(args.flags)).toEqual({
      namespace: ['kube-system'],
      output: ['json'],
      selector: ['a=b'],
      'all-namespaces': ['true'],
    })
    expect(() => parseArgs(['get', '--nope'])).toThrow('unknown flag: --nope')
  })

  it('read durations', () => {
    expect([durationMs('90'), durationMs('1m30s'), durationMs('250ms'), durationMs('0')]).toEqual([
      90_000, 90_000, 250, 0,
    ])
    expect(() => durationMs('soon')).toThrow('invalid argument')
  })
})
