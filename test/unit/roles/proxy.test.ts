import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const file = fileURLToPath(new URL('../../../roles/k3s_service/vars/main/environment.yaml', import.meta.url))

/** What a cluster of two nodes looks like, as far as its proxies are concerned; what a test gives wins. */
const cluster = {
  extra_install_envs: {} as Record<string, string>,
  extra_service_envs: [] as string[],
  k3s_nodes: ['h1', 'h2'],
  api_endpoint: 'k3s.example.com',
  k3s_cluster_cidrs: ['10.42.0.0/16'],
  k3s_service_cidrs: ['10.43.0.0/16'],
  k3s_server_settings: {} as Record<string, string>,
}
const inventory = {
  web: {
    vars: { ansible_connection: 'local' },
    hosts: {
      h1: { ansible_host: '192.0.2.11' },
      h2: { ansible_host: '192.0.2.12', k3s_node_ip: '10.0.0.12' },
    },
  },
}

/** The lines of the environment file. */
async function environment(given: Partial<typeof cluster>): Promise<string[]> {
  const tasks = [{ debug: { msg: '<%= toJson(k3s_environment) %>' } }]
  const vars = { ...cluster, ...given }
  const book = [{ hosts: 'h1', gather_facts: false, vars, vars_files: [file], tasks }]
  const ran = await play(JSON.stringify(book), { files: { 'inventory.yaml': JSON.stringify(inventory) } })
  expect(ran.exitCode, ran.stderr + ran.stdout).toBe(0)
  return JSON.parse(ran.messages[0]!.replace(/^h1: /, ''))
}
const proxy = 'HTTPS_PROXY=http://proxy.example.com:3128'
const itself = 'localhost,127.0.0.0/8,::1'
const nodes = '192.0.2.11,10.0.0.12,192.0.2.12'
const inside = '10.42.0.0/16,10.43.0.0/16,.svc,.cluster.local'

describe('the environment of k3s behind a proxy', () => {
  it('names whatever the cluster reaches without one', async () => {
    expect(await environment({ extra_service_envs: [proxy] })).toEqual([
      proxy,
      `NO_PROXY=${itself},${nodes},k3s.example.com,${inside}`,
    ])
  })

  it('keeps what the user says, under the user’s names, and adds what that does not cover', async () => {
    const install = { http_proxy: 'http://p:1', no_proxy: 'old.example.org' }
    const given = ['no_proxy="registry.local, 192.0.2.0/24,.example.com"', 'K3S_DEBUG=true']
    const [first, ...rest] = await environment({
      extra_install_envs: install,
      extra_service_envs: given,
      k3s_server_settings: { 'cluster-domain': 'k8s.lan' },
    })
    expect(first).toBe('http_proxy=http://p:1')
    expect(rest).toEqual([
      'K3S_DEBUG=true',
      `no_proxy=registry.local,192.0.2.0/24,.example.com,${itself},10.0.0.12,10.42.0.0/16,10.43.0.0/16,.svc,.k8s.lan`,
    ])
  })

  it('tells containerd alone, where the proxy is for its images alone', async () => {
    const given = ['CONTAINERD_HTTP_PROXY=http://p:1', 'NO_PROXY=registry.local']
    expect(await environment({ extra_service_envs: given })).toEqual([
      ...given,
      `CONTAINERD_NO_PROXY=registry.local,${itself},${nodes},k3s.example.com,${inside}`,
    ])
  })

  it.each([[['A=b', 'no equals sign']], [['NO_PROXY=a.example.com']], [['HTTP_PROXY=', 'NO_PROXY=a']]])(
    'is what the user gave where there is none: %j',
    async (given) => {
      expect(await environment({ extra_service_envs: given })).toEqual(given)
    },
  )

  it('leaves out nothing where nothing goes through it', async () => {
    expect(await environment({ extra_service_envs: [proxy, 'NO_PROXY=*'] })).toEqual([proxy, 'NO_PROXY=*'])
  })
})
