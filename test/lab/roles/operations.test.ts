import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { parse } from 'yaml'
import { issue } from '../k3s/src/pki/issue.js'
import { type Lab, openLab } from '../lab.js'
import { changes, failures, play, readInventory, writeInventory } from './play.js'

const servers = ['server-1', 'server-2', 'server-3']
const hosts = [...servers, 'agent-1']
const none = Object.fromEntries(hosts.map((name) => [name, 0]))
// Several runs of a playbook each; as `play` itself bounds them.
vi.setConfig({ testTimeout: 300_000 })

let lab: Lab
let inventory: string

const write = (name: string, token?: string): string => {
  const smaller = readInventory(lab)
  delete smaller.k3s_cluster.children.agent.hosts['agent-2']
  if (token !== undefined) smaller.k3s_cluster.vars.token = token
  // On a machine that is busy, an answer takes its time.
  smaller.k3s_cluster.vars.k3s_health_timeout = 60
  smaller.k3s_cluster.vars.server_config_yaml = 'secrets-encryption: true\n'
  return writeInventory(lab, name, smaller)
}
const ready = async (): Promise<string[]> => {
  const { stdout } = await lab.exec('server-2', 'sudo k3s kubectl get nodes --no-headers')
  return stdout.split('\n').flatMap((line) => (/^\S+\s+Ready\s/.test(line) ? [line.split(/\s+/)[0]!] : []))
}
const started = async (): Promise<string> =>
  (
    await Promise.all(
      hosts.map((name) => lab.exec(name, 'systemctl show -P ActiveEnterTimestampMonotonic k3s k3s-agent')),
    )
  )
    .map(({ stdout }) => stdout.trim())
    .join(' ')
const fault = (name: string, faults: object) =>
  lab.exec(
    name,
    `sudo mkdir -p /etc/tsplay-lab && echo '${JSON.stringify({ faults })}' | sudo tee /etc/tsplay-lab/k3s-faults.json`,
  )

beforeAll(async () => {
  lab = openLab(inject('labDir'))
  await Promise.all(hosts.map((name) => lab.fresh(name)))
  inventory = write('operations')
  expect(failures(await play(inventory, 'cluster'))).toBe('')
})

afterAll(async () => {
  await Promise.all(hosts.map((name) => lab.fresh(name)))
})

describe('kubeconfig.yaml', () => {
  it('adds the cluster to a kubeconfig, once, and leaves all else', async () => {
    const path = join(lab.dir, 'kubeconfig.yaml')
    rmSync(path, { force: true })
    const mine = {
      'current-context': 'mine',
      contexts: [{ name: 'mine', context: { cluster: 'c', user: 'u' } }],
    }
    writeFileSync(path, JSON.stringify(mine), { mode: 0o644 })
    const added = await play(inventory, 'kubeconfig', '-e', `kubeconfig=${path}`)
    expect(failures(added)).toBe('')
    const written = parse(readFileSync(path, 'utf8')) as typeof mine & { clusters: unknown[] }
    expect(written.contexts.map(({ name }) => name)).toEqual(['mine', 'tsplay-lab'])
    expect(written['current-context']).toBe('mine')
    expect(written.clusters).toMatchObject([
      { name: 'tsplay-lab', cluster: { server: expect.stringContaining(':6443') } },
    ])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const again = await play(inventory, 'kubeconfig', '-e', `kubeconfig=${path}`)
    expect(changes(again)).toMatchObject({ 'server-1': 0 })
  })
})

describe('certificates.yaml', () => {
  it('only looks by default, and fails below the days that are asked for', async () => {
    const looked = await play(inventory, 'certificates', '-e', 'min_days=400')
    expect(looked.code).toBe(2)
    expect(failures(looked)).toMatch(/end within 400 days[\s\S]*rotate=true/)
    expect(changes(looked)).toEqual(none)
  })

  it('refuses CAs of another root until it is said that they are meant', async () => {
    const { cert, key } = issue({ commonName: 'another', days: 30 })
    const folder = join(lab.dir, 'ca')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'server-ca.crt'), cert)
    writeFileSync(join(folder, 'server-ca.key'), key)
    const before = await started()
    const refused = await play(inventory, 'certificates', '-e', `ca_dir=${folder}`)
    expect(failures(refused)).toMatch(/another root[\s\S]*confirm=tsplay-lab/)
    expect(await started()).toBe(before)
  })
})

describe('token.yaml', () => {
  it('gives every node the new token, which is not shown, and leaves nothing to do for cluster.yaml', async () => {
    const path = join(lab.dir, 'token')
    await fault('server-3', { start: { mode: 'fail', message: 'not today' } })
    const failed = await play(inventory, 'token', '-e', `save_token=${path}`)
    expect(failed.code).toBe(2)
    const told = await Promise.all(
      servers.map((name) => lab.exec(name, 'sudo cat /var/lib/rancher/k3s/server/.tsplay-token-next')),
    )
    expect(new Set(told.map(({ stdout }) => stdout)).size).toBe(1)
    await lab.exec('server-3', 'sudo rm /etc/tsplay-lab/k3s-faults.json')
    const rotated = await play(inventory, 'token', '-e', `save_token=${path}`)
    expect(failures(rotated)).toBe('')
    const token = readFileSync(path, 'utf8').trim()
    expect(failed.output + rotated.output).not.toContain(token)
    expect(rotated.output).toContain('put the new token into the inventory')
    expect(await ready()).toEqual([...hosts].sort())
    const old = await play(write('operations-old'), 'cluster')
    expect(failures(old)).toMatch(/the token of the inventory is not that of the cluster/)
    expect(changes(old)).toEqual(none)
    inventory = write('operations-token', token)
    const cluster = await play(inventory, 'cluster', '--check')
    expect(failures(cluster)).toBe('')
    expect(changes(cluster)).toMatchObject({ 'agent-1': 0 })
    const kept = await lab.exec('server-1', 'sudo ls -a /var/lib/rancher/k3s/server')
    expect(kept.stdout).toMatch(/token-until-\d{4}/)
    expect(kept.stdout).not.toContain('tsplay-token')
  })
})

describe('secrets-encryption.yaml', () => {
  it('makes a new key that all servers have loaded', async () => {
    const rotated = await play(inventory, 'secrets-encryption', '-e', 'rotate=true')
    expect(failures(rotated)).toBe('')
    expect(rotated.output).toMatch(/reencrypt_finished/)
    expect(rotated.output).toMatch(/All hashes match/)
    const looked = await play(inventory, 'secrets-encryption')
    expect(Math.max(...Object.values(changes(looked)))).toBe(0)
  })
})
