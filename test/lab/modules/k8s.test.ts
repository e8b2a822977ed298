import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NodeInfo } from '../../../runner/modules/k8s/node.js'
import { localController } from '../../support/cases.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { changeOn, convergesOn, runOn } from './converge.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'
import { connectWithShell, shellNames } from './shells.js'

const version = 'v1.33.6+k3s1'
let lab: Lab
let host: LabModuleHost
let files: string

const unit = `[Service]
Type=notify
ExecStart=/usr/local/bin/k3s server --cluster-init
KillMode=process
[Install]
WantedBy=multi-user.target
`

const play = (name: string, args: unknown, apply = true) =>
  runOn(host, name, args, apply, localController(files))
const converges = async (args: Record<string, unknown>) =>
  (await convergesOn(host, 'k8s_node', args)).node as NodeInfo | null

beforeAll(async () => {
  lab = openLab(ourLabDir())
  files = join(lab.dir, 'k3s', version)
  await lab.fresh('server-1')
  host = await connectLabHost(lab, 'server-1')
  await play('copy', { src: 'k3s', dest: '/usr/local/bin/k3s', mode: '0755' })
  await play('copy', { content: unit, dest: '/etc/systemd/system/k3s.service' })
  await play('systemd', { name: 'k3s', state: 'started', daemon_reload: true, timeout: 60 })
})
afterAll(async () => {
  await play('systemd', { name: 'k3s', state: 'stopped' })
  await host.close()
})

describe.each(shellNames)('under %s', (shell) => {
  beforeAll(async () => {
    await host.close()
    host = await connectWithShell(lab, 'server-1', shell)
  })
  afterAll(() => lab.exec('server-1', 'sudo ln -sf dash /bin/sh'))

  test('waits for the API, and for the node to be a ready voter of its version', async () => {
    await play('k8s_wait', { api: true, timeout: 60 })
    const wish = { node: 'SERVER-1', ready: true, voter: true, version, timeout: 60, sleep: 0.5 }
    await play('k8s_wait', wish)
    const again = await play('k8s_wait', wish)
    expect(again.change).toBeUndefined()
    expect(again.fields.seen).toContain('EtcdIsVoter=True')
  })

  test('a node is told, cordoned, labelled, tainted and drained', async () => {
    const { change, fields } = await play('k8s_node', { name: 'server-1' })
    expect(change).toBeUndefined()
    expect(fields.node).toMatchObject({
      name: 'server-1',
      ready: true,
      voter: true,
      version,
      unschedulable: false,
    })
    expect(await converges({ name: 'server-1', schedulable: false })).toMatchObject({ unschedulable: true })
    expect(await converges({ name: 'server-1', schedulable: true })).toMatchObject({ unschedulable: false })
    const labelled = await converges({ name: 'server-1', labels: { 'example.com/pool': 'a', size: 3 } })
    expect(labelled?.labels).toMatchObject({ 'example.com/pool': 'a', size: '3' })
    expect((await converges({ name: 'server-1', labels: { size: null } }))?.labels).not.toHaveProperty('size')
    const annotations = { 'example.com/owner': "it's $(id)\ntwo lines", old: '' }
    expect((await converges({ name: 'server-1', annotations }))?.annotations).toMatchObject(annotations)
    const left = await converges({ name: 'server-1', annotations: { old: null } })
    expect(left?.annotations).not.toHaveProperty('old')
    expect(left?.annotations).toHaveProperty(['example.com/owner'])
    const taints = ['gpu=true:NoSchedule', 'slow:PreferNoSchedule']
    expect((await converges({ name: 'server-1', taints }))?.taints).toEqual(expect.arrayContaining(taints))
    expect((await converges({ name: 'server-1', taints: [] }))?.taints).toEqual([])
    expect(
      await converges({ name: 'server-1', drain: { timeout: 30, force: true, grace_period: 1 } }),
    ).toMatchObject({ unschedulable: true })
    const labels = { 'example.com/pool': null }
    const none = { 'example.com/owner': null }
    await converges({ name: 'server-1', schedulable: true, labels, annotations: none })
  })

  test('objects are applied, compared field by field, and deleted', async () => {
    const definition = [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'lab-a' }, data: { a: "it's $(id)", b: '2' } },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'lab-b', namespace: 'kube-system' },
        data: { c: '3' },
      },
    ]
    const wish = async (args: Record<string, unknown>) =>
      (await changeOn(host, 'k8s_manifest', args)).change?.summary
    expect(await wish({ definition })).toEqual([
      'apply ConfigMap default/lab-a',
      'apply ConfigMap kube-system/lab-b',
    ])
    const [first] = definition
    expect(await wish({ definition: { ...first, data: { b: '3' } } })).toEqual([
      'apply ConfigMap default/lab-a',
    ])
    expect(await wish({ definition, state: 'absent' })).toEqual([
      'delete ConfigMap default/lab-a',
      'delete ConfigMap kube-system/lab-b',
    ])
    await expect(play('k8s_manifest', { definition, kubectl: '/bin/false' })).rejects.toThrow()
  })

  test('waiting in vain tells what was seen last', async () => {
    const wish = { node: 'server-1', version: 'v9.9.9', timeout: 1, sleep: 0.3 }
    expect((await play('k8s_wait', wish, false)).change?.waits).toBe(true)
    await expect(play('k8s_wait', wish)).rejects.toThrow(`last seen: ${version} `)
    await expect(play('k8s_wait', { node: 'nobody', ready: true, timeout: 1 })).rejects.toThrow(
      'knows no node nobody',
    )
    expect((await play('k8s_wait', { node: 'nobody', absent: true })).change).toBeUndefined()
    await expect(play('k8s_wait', { node: 'server-1', absent: true, timeout: 0 })).rejects.toThrow(
      'to be gone',
    )
  })

  test('a drain that a disruption budget holds back tries until its bound, and tells of pod and budget', async () => {
    const labels = { app: 'guarded' }
    const selector = { matchLabels: labels }
    const containers = [{ name: 'a', image: 'a' }]
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'guarded' },
      spec: { replicas: 1, selector, template: { metadata: { labels }, spec: { containers } } },
    }
    const budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'one-of-guarded' },
      spec: { minAvailable: 1, selector },
    }
    await play('k8s_manifest', { definition: [deployment, budget] })
    const running = async () => (await play('k8s_node', { name: 'server-1', drain: {} }, false)).fields.pods
    const guarded = expect.stringMatching(/^default\/guarded-/)
    await expect.poll(running, { timeout: 30_000 }).toContainEqual(guarded)
    const drain = { timeout: 1, force: true, grace_period: 0 }
    const error = await play('k8s_node', { name: 'server-1', drain }).catch((e) => e)
    expect(error.message).toMatch(
      /could not drain node server-1 .* within 1 s:\npod default\/guarded-\S+ was held back by its PodDisruptionBudget one-of-guarded\n/,
    )
    expect(error.fields.held).toEqual([{ pod: guarded, budgets: ['one-of-guarded'] }])
    expect((await play('k8s_node', { name: 'server-1' })).fields.node).toMatchObject({ unschedulable: true })
    await play('k8s_manifest', { definition: budget, state: 'absent' })
    await converges({ name: 'server-1', drain: { ...drain, timeout: 30 } })
    await play('k8s_manifest', { definition: deployment, state: 'absent' })
    await converges({ name: 'server-1', schedulable: true })
  })

  test('a node that the cluster does not know', async () => {
    expect((await play('k8s_node', { name: 'nobody', state: 'absent' })).change).toBeUndefined()
    expect((await play('k8s_node', { name: 'nobody' })).fields.exists).toBe(false)
    const wish = await play('k8s_node', { name: 'nobody', schedulable: false }, false)
    expect(wish.change?.requires).toEqual(['node:nobody'])
  })

  test('a kubectl that fails is no absent node', async () => {
    await expect(play('k8s_node', { name: 'server-1', kubectl: '/bin/false' })).rejects.toThrow()
    await expect(play('k8s_wait', { api: true, kubectl: '/nonexistent', timeout: 0 })).rejects.toThrow(
      'not ready',
    )
  })
})
