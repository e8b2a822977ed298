import { describe, expect, it } from 'vitest'
import { disruptionsAllowed } from '../../lab/k3s/src/api/evict.js'
import { setCondition } from '../../lab/k3s/src/api/heartbeat.js'
import { mergePatch } from '../../lab/k3s/src/api/objects.js'
import type { KubeObject } from '../../lab/k3s/src/api/resources.js'
import { matchesFields, matchesLabels } from '../../lab/k3s/src/api/selectors.js'
import { buildConfig, mergeDocuments, parseFlags } from '../../lab/k3s/src/config/config.js'
import { agentFlags } from '../../lab/k3s/src/config/flags.js'
import { fits } from '../../lab/k3s/src/controllers/schedule.js'
import { compareVersions } from '../../lab/k3s/src/core/version.js'
import { planDrain } from '../../lab/k3s/src/kubectl/drain.js'
import { changeTaints, isChange, parseChanges, parseTaintWord } from '../../lab/k3s/src/kubectl/edit.js'
import { parseArgs } from '../../lab/k3s/src/kubectl/flags.js'
import { driverInConfig, kubeletDriver } from '../../lab/k3s/src/node/cgroup.js'
import { renderTemplate } from '../../lab/k3s/src/node/containerd.js'
import { maskedArgs, newNode, parseTaint } from '../../lab/k3s/src/node/nodeObject.js'

function settings(document: Record<string, unknown>) {
  return buildConfig(agentFlags, mergeDocuments([document]), {}, parseFlags(agentFlags, []))
}

function pod(name: string, more: Partial<KubeObject> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'web' } },
    status: { phase: 'Running' },
    spec: {},
    ...more,
  }
}

describe('labels and taints on the command line', () => {
  it('tells changes from names', () => {
    expect(['a=b', 'a-', 'name', 'node/x'].map(isChange)).toEqual([true, true, false, false])
    expect(parseChanges(['a=b=c', 'gone-', 'e='])).toEqual({ set: { a: 'b=c', e: '' }, remove: ['gone'] })
  })

  it('reads every form of a taint', () => {
    expect(parseTaintWord('k=v:NoSchedule')).toEqual({
      key: 'k',
      value: 'v',
      effect: 'NoSchedule',
      remove: false,
    })
    expect(parseTaintWord('k:NoExecute-')).toEqual({ key: 'k', effect: 'NoExecute', remove: true })
    expect(parseTaintWord('k-')).toEqual({ key: 'k', remove: true })
    expect(() => parseTaintWord('k=v')).toThrow('invalid taint spec')
    expect(parseTaint('gpu=true:NoSchedule')).toEqual({ key: 'gpu', value: 'true', effect: 'NoSchedule' })
    expect(() => parseTaint('gpu=true:Never')).toThrow('invalid taint')
  })

  it('changes a list of taints, and overwrites only when told', () => {
    const old = [{ key: 'a', value: '1', effect: 'NoSchedule' }]
    expect(changeTaints(old, ['b:NoExecute', 'a:NoSchedule-'], false, 'n')).toEqual([
      { key: 'b', effect: 'NoExecute' },
    ])
    expect(() => changeTaints(old, ['a=2:NoSchedule'], false, 'n')).toThrow('--overwrite is false')
    expect(changeTaints(old, ['a=2:NoSchedule'], true, 'n')).toEqual([
      { key: 'a', value: '2', effect: 'NoSchedule' },
    ])
    expect(() => changeTaints(old, ['c-'], false, 'n')).toThrow('not found')
  })
})

describe('selectors', () => {
  it.each([
    ['a=1', true],
    ['a==1,b!=3', true],
    ['a!=1', false],
    ['a', true],
    ['!c', true],
    ['a in (1,2),b notin (3)', true],
    ['b in (3)', false],
  ])('%s', (selector, expected) => {
    expect(matchesLabels({ a: '1', b: '2' }, selector)).toBe(expected)
  })

  it('matches fields by path', () => {
    expect(matchesFields(pod('x', { spec: { nodeName: 'n' } }), 'spec.nodeName=n,status.phase!=Failed')).toBe(
      true,
    )
    expect(matchesFields(pod('x'), 'spec.nodeName=n')).toBe(false)
  })
})

describe('disruption budgets', () => {
  const budget = (spec: object): KubeObject => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b', namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  })
  const three = ['a', 'b', 'c'].map((name) => pod(name))

  it.each([
    [{ minAvailable: 3 }, 0],
    [{ minAvailable: 2 }, 1],
    [{ minAvailable: '50%' }, 1],
    [{ maxUnavailable: 0 }, 0],
    [{ maxUnavailable: 1 }, 1],
  ])('%j', (spec, allowed) => {
    expect(disruptionsAllowed(budget(spec), three)).toBe(allowed)
  })

  it('count a pod that does not run as disrupted already', () => {
    const broken = [...three.slice(0, 2), pod('c', { status: { phase: 'Pending' } })]
    expect(disruptionsAllowed(budget({ maxUnavailable: 1 }), broken)).toBe(0)
  })
})

describe('drain', () => {
  const owned = (kind: string) => ({
    metadata: { name: kind, namespace: 'default', ownerReferences: [{ kind, name: kind }] },
  })
  const daemon = pod('d', owned('DaemonSet'))
  const local = pod('l', { ...owned('ReplicaSet'), spec: { volumes: [{ name: 'v', emptyDir: {} }] } })

  it('refuses what it was not allowed to touch', () => {
    const { errors } = planDrain([daemon, local, pod('bare')], parseArgs([]))
    expect(errors.map((text) => /use (\S+)/.exec(text)?.[1])).toEqual([
      '--ignore-daemonsets',
      '--delete-emptydir-data',
      '--force',
    ])
  })

  it('evicts all but daemons when allowed', () => {
    const plan = planDrain(
      [daemon, local, pod('bare')],
      parseArgs(['--ignore-daemonsets', '--delete-emptydir-data', '--force']),
    )
    expect([plan.evict.length, plan.ignored.length, plan.errors]).toEqual([2, 1, []])
  })
})

describe('scheduling', () => {
  const node: KubeObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n', labels: { pool: 'gpu' } },
    spec: { taints: [{ key: 'gpu', value: 'true', effect: 'NoSchedule' }] },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  }

  it('respects taints, cordons, selectors and readiness', () => {
    const tolerant = { spec: { tolerations: [{ key: 'gpu', operator: 'Exists' }] } }
    expect(fits(pod('p'), node)).toBe(false)
    expect(fits(pod('p', tolerant), node)).toBe(true)
    expect(fits(pod('p', tolerant), { ...node, spec: { unschedulable: true } })).toBe(false)
    expect(fits(pod('p', { spec: { ...tolerant.spec, nodeSelector: { pool: 'cpu' } } }), node)).toBe(false)
    expect(
      fits(pod('p', tolerant), { ...node, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }),
    ).toBe(false)
  })
})

describe('nodes', () => {
  it('carry the labels and taints of their configuration, and no secret in their arguments', () => {
    const config = settings({ 'node-label': ['pool=gpu'], 'node-taint': ['gpu=true:NoSchedule'] })
    const node = newNode('n1', config, [], ['agent', '--token', 'secret', '--server=https://a:6443', '-t=x'])
    expect(node.metadata.labels).toMatchObject({
      pool: 'gpu',
      'kubernetes.io/hostname': 'n1',
      'node.kubernetes.io/instance-type': 'k3s',
    })
    expect(node.spec.taints).toHaveLength(1)
    expect(JSON.stringify(node)).not.toContain('secret')
    expect(maskedArgs(['--token=secret', 'x'])).toEqual(['--token=********', 'x'])
  })

  it('keep the transition time of a condition whose status stays', () => {
    const first = setCondition(pod('x'), { type: 'Ready', status: 'False', reason: 'A', message: '' })
    const at = first.status.conditions[0].lastTransitionTime
    const second = setCondition(first, { type: 'Ready', status: 'False', reason: 'B', message: '' })
    expect(second.status.conditions).toHaveLength(1)
    expect(second.status.conditions[0].lastTransitionTime).toBe(at)
    expect(setCondition(second, { type: 'Ready', status: 'False', reason: 'B', message: '' })).toBe(second)
  })
})

describe('cgroup drivers', () => {
  const systemd = { INVOCATION_ID: 'x' }
  it.each([
    [{}, systemd, 'systemd'],
    [{}, {}, 'cgroupfs'],
    [{ docker: true }, systemd, 'cgroupfs'],
    [{ docker: true, 'kubelet-arg': ['cgroup-driver=systemd'] }, systemd, 'systemd'],
    [{ 'container-runtime-endpoint': 'unix:///run/containerd/containerd.sock' }, systemd, 'cgroupfs'],
    [{ 'kubelet-arg': ['cgroup-driver=cgroupfs'] }, systemd, 'cgroupfs'],
  ])('of the kubelet with %j', (document, env, driver) => {
    expect(kubeletDriver(settings(document), env)).toBe(driver)
  })

  it('are read from the generated configuration, template included', () => {
    const base = '[options]\n  SystemdCgroup = true\n'
    expect(driverInConfig(base)).toBe('systemd')
    expect(driverInConfig(renderTemplate('{{ template "base" . }}\n# mine', base, true))).toBe('systemd')
    expect(
      driverInConfig(renderTemplate('version = 3\nSystemdCgroup = {{ .SystemdCgroup }}\n', base, false)),
    ).toBe('cgroupfs')
  })
})

describe('small rules', () => {
  it('compares versions with their build number', () => {
    expect(compareVersions('v1.34.2+k3s1', 'v1.34.2+k3s2')).toBeLessThan(0)
    expect(compareVersions('v1.34.10+k3s1', 'v1.34.9+k3s1')).toBeGreaterThan(0)
    expect(compareVersions('v1.34.2+k3s1', 'v1.34.2+k3s1')).toBe(0)
  })

  it('merges patches and deletes with null', () => {
    expect(mergePatch({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null }, d: [2] })).toEqual({
      a: { c: 2 },
      d: [2],
    })
  })
})
