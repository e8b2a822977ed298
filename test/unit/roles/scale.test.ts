import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { play, temporaryFolder } from '../../support/playbook.js'

const roles = fileURLToPath(new URL('../../../roles', import.meta.url))
const inventory = `k3s_cluster:
  children:
    server:
      hosts: { s1: , s2: { k3s_agentless: true }, s3: { k3s_agentless: true } }
    agent: { hosts: { a1: , a2:  } }
  vars: { ansible_connection: local, api_endpoint: s1 }
`
const line = (name: string, role: string) =>
  [name, '', 'Ready=True,', '10.0.0.1,', role, role, '', 'v1.34.2+k3s1'].join('\t')

/** s1 and s2 answer, and tell of two nodes; s3 is down. */
const playbook = `- hosts: k3s_cluster
  gather_facts: false
  vars:
    k3s_scale_pool: null
    k3s_scale_replicas: null
    k3s_scale_prune: false
    told: ${JSON.stringify(`${line('s1', 'true')}\n${line('a1', '')}\n`)}
  tasks:
    - set_fact: { k3s_look: "<%= ({ rc: ['s1', 's2'].includes(inventory_hostname) ? 0 : 1, stdout: told }) %>" }
    - import_role: { name: k3s_remove, tasks_from: know }
      run_once: true
    - import_role: { name: k3s_scale }
      run_once: true
`

it('takes a server without an agent for one that is in the cluster when it answers', async () => {
  const dir = temporaryFolder()
  symlinkSync(roles, join(dir, 'roles'))
  const ran = await play(playbook, { dir, files: { 'inventory.yaml': inventory } })
  expect(ran.exitCode, ran.stderr + ran.stdout).toBe(0)
  expect(ran.stdout).toContain('server: 2 nodes, 2 ready: s1, s2')
  expect(ran.stdout).toContain('to join: s3, a2')
})
