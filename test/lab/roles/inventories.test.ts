import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { buildStandIns } from '../k3s/build.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { program } from '../program.js'
import { run } from '../run.js'
import { changes, failures, play } from './play.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const tsplay = (...args: string[]) => run(process.execPath, [program, ...args], { cwd: root })

// A quiet machine takes a tenth of it.
vi.setConfig({ testTimeout: 300_000 })

describe('the inventories that ship', () => {
  it.each(readdirSync(`${root}/inventories`))('%s has hosts for every playbook', async (name) => {
    const playbooks = ['cluster', 'upgrade', 'reset'].map((playbook) => `playbooks/${playbook}.yaml`)
    const listed = await tsplay('-i', `inventories/${name}`, ...playbooks, '--list-hosts')
    expect(listed).toMatchObject({ code: 0, stderr: '' })
    expect(listed.stdout.match(/192\.0\.2\.11$/gm)!.length).toBeGreaterThan(playbooks.length)
  })
})

const release = 'v1.31.12+k3s1'
/** What the sample of k3s-ansible has in comments, with the values that it names. */
const optional = `
    extra_server_args: ""
    extra_agent_args: ""
    extra_install_envs: { 'INSTALL_K3S_SKIP_SELINUX_RPM': 'true' }
    cluster_context: k3s-ansible
    api_port: 6443
    k3s_server_location: /var/lib/rancher/k3s
    systemd_dir: /etc/systemd/system
    user_kubectl: true
    manage_firewall: false
    k3s_wait_ready: false
    k3s_server_wait_etcd_voters: false
    extra_manifests: []
`
/** The sample of k3s-ansible, in what it sets: hosts and token filled in, and nothing else. */
const sample = (server: string, agents: readonly string[], optionals: string): string => `---
k3s_cluster:
  children:
    server:
      hosts:
        ${server}:
    agent:
      hosts:
${agents.map((agent) => `        ${agent}:\n`).join('')}
  vars:
    ansible_port: 22
    ansible_user: debian
    k3s_version: ${release}
    token: "changeme!"
    api_endpoint: "{{ hostvars[groups['server'][0]]['ansible_host'] | default(groups['server'][0]) }}"
${optionals}`

describe('an inventory made for k3s-ansible', () => {
  it('builds its cluster as it is', async () => {
    const lab = openLab(ourLabDir())
    const hosts = ['server-1', 'agent-1', 'agent-2']
    await Promise.all(hosts.map((name) => lab.fresh(name)))
    const [server, ...agents] = hosts.map((name) => lab.hosts.find((host) => host.name === name)!.address)
    const inventory = join(lab.dir, 'sample.yaml')
    writeFileSync(inventory, sample(server!, agents, ''))
    await buildStandIns(join(lab.dir, 'k3s'), [release])
    // How the lab is reached, and where its k3s comes from.
    const here = {
      ansible_ssh_private_key_file: join(lab.dir, 'id_ed25519'),
      ansible_ssh_common_args: `-o UserKnownHostsFile=${join(lab.dir, 'known_hosts')}`,
      airgap_dir: join(lab.dir, 'k3s', release),
    }
    const made = await play(inventory, 'cluster', '-e', JSON.stringify(here))
    expect(failures(made)).toBe('')
    const { stdout } = await lab.exec('server-1', 'sudo k3s kubectl get nodes --no-headers')
    expect(stdout.match(/ Ready /g)).toHaveLength(3)
    // Its optional variables mean the same: with the values that are its defaults, nothing changes.
    writeFileSync(inventory, sample(server!, agents, optional))
    const again = await play(inventory, 'cluster', '-e', JSON.stringify(here))
    expect(failures(again)).toBe('')
    expect(changes(again)).toEqual(Object.fromEntries([server!, ...agents].map((host) => [host, 0])))
    await Promise.all(hosts.map((name) => lab.fresh(name)))
  })
})
